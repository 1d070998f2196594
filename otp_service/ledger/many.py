"""Many rows of one table in one statement, in the words of either database.

Whoever writes holds up everybody else who does: a statement for each of a hundred thousand rows takes seconds, a
statement for all of them, given as one JSON text, a part of one.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    bindparam,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)

AT_ONCE = 10_000
Row = Mapping[str, Any]


def insert_many(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Puts rows in, each with the same columns."""
    for names, text in _parts(rows):
        given = _given(connection, table, names, text)
        connection.execute(insert(table).from_select(names, select(*given.values())))


def update_many(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Puts what each row says into the one of the same id."""
    # Of a table that it has not yet counted PostgreSQL may plan to compare every row with every given one.
    if rows and connection.dialect.name != "sqlite":
        said: dict[str, Any] = {name: bindparam(f"new_{name}") for name in rows[0] if name != "id"}
        here = update(table).where(table.c.id == bindparam("new_id")).values(said)
        connection.execute(here, [{f"new_{name}": value for name, value in row.items()} for row in rows])
        return
    for names, text in _parts(rows):
        given = _given(connection, table, names, text)
        told = {name: value for name, value in given.items() if name != "id"}
        connection.execute(update(table).where(table.c.id == given["id"]).values(told))


def find_many(connection: Connection, table: Table, rows: Sequence[Row]) -> Iterator[RowMapping]:
    """The rows that hold what one of these says, in no order; one that several of them meet comes as often.

    A list of parameters would be compared one by one with every row, where PostgreSQL has not yet counted the table.
    """
    for names, text in _parts(rows):
        given = _given(connection, table, names, text)
        alike = (table.c[name] == value for name, value in given.items())
        yield from connection.execute(select(table).where(*alike)).mappings()


def _parts(rows: Sequence[Row]) -> Iterator[tuple[list[str], str]]:
    """The names of the columns, and the values of so many rows as one text."""
    names = list(rows[0]) if rows else []
    for start in range(0, len(rows), AT_ONCE):
        yield names, json.dumps([[row[name] for name in names] for row in rows[start : start + AT_ONCE]])


def _given(connection: Connection, table: Table, names: Sequence[str], text: str) -> dict[str, ColumnElement[Any]]:
    """What the text says, by column."""
    if connection.dialect.name == "sqlite":
        each = func.json_each(literal(text)).table_valued("value").c.value
        return {name: func.json_extract(each, f"$[{place}]") for place, name in enumerate(names)}
    each = func.json_array_elements(cast(literal(text), JSON)).column_valued("given")
    return {name: cast(each.op("->>")(place), table.c[name].type) for place, name in enumerate(names)}
