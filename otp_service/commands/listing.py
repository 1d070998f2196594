"""Lists without an end: as much of one as is wanted, and word of what is left out."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from otp_service.ledger.paging import Page

Item = TypeVar("Item")
Command = TypeVar("Command", bound=Callable[..., Any])
AT_ONCE = 500
MOST = 50
LEFT_OUT = "More are left out: these are the newest {count}. --limit shows as many as you say, --all shows all."


def limited(command: Command) -> Command:
    """The options of a list: at most so many, or all."""
    every = click.option("--all", "every", is_flag=True, help="All of them, however many.")
    most = click.option("--limit", type=click.IntRange(1), default=MOST, show_default=True, help="At most so many.")
    return most(every(command))


def read(page: Callable[[int, str | None], Page[Item]], limit: int, *, every: bool) -> list[Item]:
    """Page after page, as much as is wanted; what is left out is said on standard error."""
    found: list[Item] = []
    cursor: str | None = None
    while every or len(found) <= limit:
        some = page(AT_ONCE if every else min(AT_ONCE, limit + 1 - len(found)), cursor)
        found += some.items
        cursor = some.next_cursor
        if cursor is None:
            break
    if every or len(found) <= limit:
        return found
    click.echo(LEFT_OUT.format(count=limit), err=True)
    return found[:limit]
