"""`templates lint`, as authors type it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from otp_service.__main__ import cli


def linted(*arguments: str, text: str = "") -> Result:
    """What the command answers to a text on its standard input."""
    return CliRunner().invoke(cli, ["templates", "lint", "-", *arguments], input=text)


def test_a_text_file_is_linted_as_a_table(tmp_path: Path) -> None:
    """A file gives a line for each finding, without any settings."""
    file = tmp_path / "code.txt"
    file.write_text("{code} para São Paulo\n", encoding="utf-8")
    answer = CliRunner().invoke(cli, ["templates", "lint", str(file), "--country", "ch"])
    assert answer.exit_code == 0
    assert "LATIN SMALL LETTER A WITH TILDE" in answer.output
    assert "USD to CH" in answer.output


def test_findings_come_as_json_too() -> None:
    """Programs get a list of findings with severity, code, detail and position."""
    found = json.loads(linted("--json", text="{code} é 漢").output)
    assert {each["code"]: each["position"] for each in found} == {"encoding": None, "character": 9, "segments": None}


@pytest.mark.parametrize(("text", "code"), [("no code", "missing_code"), ("{code} {x:nope}", "unknown_type")])
def test_a_text_that_cannot_be_used_ends_with_1(text: str, code: str) -> None:
    """A pipeline stops at a text that could not be saved, and reads why."""
    answer = linted("--json", text=text)
    assert answer.exit_code == 1
    assert [each["code"] for each in json.loads(answer.output)] == [code]


def test_a_message_is_linted_as_one() -> None:
    """A message's text needs no code and may link."""
    answer = linted("--kind", "message", text="Open again: https://shop.example")
    assert answer.exit_code == 0
