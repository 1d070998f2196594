"""One page of any list: its rows, and the cursor behind them.

A cursor names the last row of its page, so that rows that come or go meanwhile neither repeat nor hide others.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, Connection, RowMapping, Select, tuple_

from otp_service.domain.errors import invalid_field
from otp_service.domain.keys import b64, canonical, unb64

Item = TypeVar("Item")
Place = Sequence[Column[Any]]
MOST = 2**63


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some of a list, and where the next page begins."""

    items: Sequence[Item]
    next_cursor: str | None


def page_rows(
    connection: Connection,
    found: Select[Any],
    place: Place,
    limit: int,
    cursor: str | None,
    *,
    newest_first: bool = False,
) -> tuple[Sequence[RowMapping], str | None]:
    """The rows of one page by their place, and the cursor behind them if more follow.

    The place is among what is selected. Refuses a cursor that is none with `invalid_field`.
    """
    if cursor is not None:
        here, behind = tuple_(*place), tuple_(*_read_cursor(cursor, place))
        found = found.where(here < behind if newest_first else here > behind)
    order = [column.desc() if newest_first else column.asc() for column in place]
    rows = connection.execute(found.order_by(None).order_by(*order).limit(limit + 1)).mappings().all()
    shown = rows[:limit]
    return shown, _write_cursor(shown[-1], place) if len(rows) > limit else None


def _write_cursor(last: RowMapping, place: Place) -> str:
    return b64(canonical([last[column.name] for column in place]).encode())


def _read_cursor(cursor: str, place: Place) -> list[Any]:
    try:
        values = json.loads(unb64(cursor))
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or [_kind(value) for value in values] != [_python(column) for column in place]:
        raise invalid_field("cursor", "is not one that this list gave out")
    return values


def _kind(value: Any) -> type | None:
    """The type of a value that a database takes, else None."""
    if type(value) is int and -MOST <= value < MOST:
        return int
    return str if isinstance(value, str) and value.isprintable() else None


def _python(column: Column[Any]) -> type:
    return column.type.python_type
