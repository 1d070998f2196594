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


def previewed(text: str, *arguments: str) -> Result:
    """What `templates preview` answers to a text on its standard input."""
    return CliRunner().invoke(cli, ["templates", "preview", "-", *arguments], input=text)


def test_a_text_is_previewed_with_its_values() -> None:
    """A preview fills the slots, adds the last line, and shows the segments and the price."""
    arguments = ("--set", "sum=12.50 CHF", "--webotp-host", "login.example.com", "--country", "CH", "--json")
    shown = json.loads(previewed("{code} pays {sum:amount}\n", *arguments).output)
    assert shown["text"] == "123456 pays 12.50 CHF\n@login.example.com #123456"
    assert (shown["encoding"], shown["segments"], shown["price_micros"]) == ("gsm7", [shown["text"]], 90_000)


@pytest.mark.parametrize("values", [(), ("--set", "sum=a lot"), ("--set", "sum"), ("--set", "code=1")])
def test_a_preview_is_as_strict_as_a_start(values: tuple[str, ...]) -> None:
    """A missing value, one of another type, a wrong spelling and a slot of the service's own end with an error."""
    assert previewed("{code} pays {sum:amount}", *values).exit_code != 0


def test_a_message_is_previewed_for_people() -> None:
    """Without --json a preview is lines to read."""
    answer = previewed("{app}: hi {name}", "--kind", "message", "--set", "name=Ana", "--app", "Shop")
    assert "Shop: hi Ana" in answer.output
