"""The claims of README.md and docs/claims.md, each tied to a test."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README, MORE = (ROOT / "README.md").read_text(), (ROOT / "docs/claims.md").read_text()


def claims(text: str) -> list[tuple[str, str]]:
    """The test that each claim links, and its file."""
    return re.findall(r"^\| .+ \| \[(\w+)\]\((?:\.\./)?(tests/\S+\.py)\) \|$", text, re.MULTILINE)


def test_every_security_claim_names_a_test() -> None:
    """Each row of both tables of claims links one."""
    section = README.partition("## How it is secured")[2].partition("\n## ")[0]
    for text in (section, MORE):
        rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
        assert len(rows) == len(claims(text)) > 15


@pytest.mark.parametrize(("name", "path"), [*claims(README), *claims(MORE)])
def test_a_claim_s_test_exists(name: str, path: str) -> None:
    """The test behind a claim is in the file that is linked."""
    assert f"def test_{name}(" in (ROOT / path).read_text()
