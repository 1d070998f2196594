"""How commands answer: a table for people, JSON for programs."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import click

as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def show(value: Any, as_json: bool, columns: Sequence[str] | None = None) -> None:
    """A list as a table, a mapping as lines, or either as JSON."""
    if as_json:
        click.echo(json.dumps(value, ensure_ascii=False))
    elif isinstance(value, list):
        _table(value, columns or (list(value[0]) if value else []))
    else:
        for name, each in _lines(value):
            click.echo(f"{name:<40} {_text(each)}")


def say(value: dict[str, Any], as_json: bool, *sentences: str) -> None:
    """What was done: in words for people, as JSON for programs."""
    click.echo(json.dumps(value, ensure_ascii=False) if as_json else "\n".join(sentences))


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
    lines = [list(columns), *([_text(row.get(column)) or "-" for column in columns] for row in rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for line in lines:
        # A row is a line whatever the width of the terminal: ids are there to be copied, and found by grep.
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | bool) else str(value)
