"""How commands answer: a table for people, JSON for programs."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

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
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_text(row.get(column)) for column in columns))
    Console(soft_wrap=True).print(table)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | bool) else str(value)
