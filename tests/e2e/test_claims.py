"""The security claims of README.md, each tied to a test."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLAIMS = re.findall(r"^\| .+ \| \[(\w+)\]\((tests/\S+\.py)\) \|$", (ROOT / "README.md").read_text(), re.MULTILINE)


def test_every_security_claim_names_a_test() -> None:
    """README.md's table of claims links each of them."""
    section = (ROOT / "README.md").read_text().partition("## How it is secured")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == len(CLAIMS) > 15


@pytest.mark.parametrize(("name", "path"), CLAIMS)
def test_a_claim_s_test_exists(name: str, path: str) -> None:
    """The test behind a claim is in the file that is linked."""
    assert f"def test_{name}(" in (ROOT / path).read_text()
