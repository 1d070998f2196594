"""Insertions that mind what is there already, in the words of either database."""

from collections.abc import Callable

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Insert = sqlite.Insert | postgresql.Insert

_INSERT: dict[str, Callable[[Table], Insert]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert_into(connection: Connection, table: Table) -> Insert:
    """An insertion that can be told what to do where a row exists."""
    return _INSERT[connection.dialect.name](table)


def insert_once(connection: Connection, table: Table) -> Insert:
    """An insertion that leaves a row that exists as it is."""
    return insert_into(connection, table).on_conflict_do_nothing()
