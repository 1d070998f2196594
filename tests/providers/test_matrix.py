"""The table of vendors tells what the code does."""

import re
from pathlib import Path

import pytest

from otp_service.commands.certify import last_proven
from otp_service.providers.matrix import markdown, vendors

SECTIONS = ("Set it up", "Options", "How a message travels", "Receipts", "Senders", "What errors mean")
VENDORS = Path(__file__).parents[2] / "docs" / "providers"


def test_the_table_in_the_docs_is_the_one_that_the_code_prints() -> None:
    """`otp-service providers matrix` prints what docs/providers/README.md shows, by the transcripts that are kept."""
    shown = re.search(r"<!-- matrix -->\n(.*)<!-- end of matrix -->", (VENDORS / "README.md").read_text(), re.DOTALL)
    assert shown
    assert shown[1] == markdown(last_proven(VENDORS / "proven"))


@pytest.mark.parametrize("kind", vendors())
def test_every_vendor_has_a_page(kind: str) -> None:
    """A page says how to set a vendor up, what it takes and reports, its senders and what its errors mean."""
    page = (VENDORS / f"{kind}.md").read_text()
    assert [section for section in SECTIONS if f"\n## {section}\n" not in page] == []
