"""How commands answer: a table for people, JSON for programs."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import click

# What a terminal obeys instead of showing it, and what turns text around: names come from whoever signs up.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_BREAKS = re.compile("[\t\n\u2028\u2029]")

as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def show(value: Any, as_json: bool, columns: Sequence[str] | None = None) -> None:
    """A list as a table, a mapping as lines, or either as JSON."""
    if as_json:
        click.echo(in_json(value))
    elif isinstance(value, list):
        _table(value, columns or (list(value[0]) if value else []))
    else:
        for name, each in _lines(value):
            click.echo(f"{name:<40} {_stacked(each)}")


def say(value: dict[str, Any], as_json: bool, *sentences: str) -> None:
    """What was done: in words for people, as JSON for programs."""
    click.echo(in_json(value) if as_json else "\n".join(sentences))


def _lines(value: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, each in value.items():
        if isinstance(each, dict) and each:
            yield from _lines(each, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", each


def _table(rows: list[dict[str, Any]], columns: Sequence[str]) -> None:
    if not rows:
        click.echo("There are none yet.")
        return
    lines = [list(columns), *([_cell(row.get(column)) for column in columns] for row in rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for line in lines:
        # A row is a line whatever the width of the terminal: ids are there to be copied, and found by grep.
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: Any) -> str:
    return _BREAKS.sub(_escaped, _text(value)) or "-"


def _stacked(value: Any) -> str:
    """Sentences one below the other, whatever else in one line."""
    if isinstance(value, list) and any(" " in str(each) for each in value):
        return ("\n" + " " * 41).join(_text(each) for each in value)
    return _text(value)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return _OBEYED.sub(_escaped, ",".join(map(str, value)))
    return in_json(value) if isinstance(value, dict | bool) else _OBEYED.sub(_escaped, str(value))


def in_json(value: Any, indent: int | None = None) -> str:
    """The value as JSON that no terminal obeys."""
    return _OBEYED.sub(_escaped, json.dumps(value, ensure_ascii=False, indent=indent))


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"  # as JSON has it, where it is read back as it was
