"""Everything that the ledger knows of one person, in the order in which it happened: what they may ask to see."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, RowMapping, Table, select

from otp_service.ledger.people import BATCH, Traces, Whom, locks_of
from otp_service.ledger.schema import (
    allows,
    attempts,
    blocks,
    hard_locks,
    messages,
    opt_outs,
    people,
    receipts,
    verification_history,
    verifications,
)

# What says nothing of the person but how the service finds and seals it.
UNTOLD = frozenset({"person_id", "number_index", "to_sealed", "value", "subject", "fact_id", "number_kept", "n"})
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is known: when it was, what kind of thing it is, and what is said of it."""

    at: int
    kind: str
    said: Row


def known(connection: Connection, whom: Whom, found: Traces) -> list[Item]:
    """All of it, oldest first."""
    parts = (
        _rows(connection, "verification", verifications, verifications.c.id, found.verifications),
        _rows(connection, "step", verification_history, verification_history.c.verification_id, found.verifications),
        _rows(connection, "message", messages, messages.c.id, found.messages),
        _rows(connection, "attempt", attempts, attempts.c.message_id, found.messages),
        _rows(connection, "receipt", receipts, receipts.c.message_id, found.messages),
        _kept(connection, "block", blocks, (blocks.c.kind == "number") & (blocks.c.value == whom.index)),
        _kept(connection, "allow", allows, (allows.c.kind == "number") & (allows.c.value == whom.index)),
        _kept(connection, "opt_out", opt_outs, opt_outs.c.number_index == whom.index),
        _kept(connection, "lock", hard_locks, locks_of(whom, found)),
    )
    return sorted((item for part in parts for item in part), key=lambda item: item.at)


def about(connection: Connection, index: str) -> Row:
    """The country and the range of numbers that are kept of somebody; empty if nothing is."""
    row = connection.execute(select(people.c.country, people.c.block).where(people.c.number_index == index)).mappings()
    return dict(row.one_or_none() or {})


def named(connection: Connection, indices: Iterable[str]) -> dict[str, Row]:
    """The sealed number, country and range of these people, by their numbers' indices."""
    kept = select(people.c.number_index, people.c.to_sealed, people.c.country, people.c.block)
    rows = connection.execute(kept.where(people.c.number_index.in_(list(indices)))).mappings()
    return {row["number_index"]: dict(row) for row in rows}


def _rows(connection: Connection, kind: str, table: Table, column: Column[Any], ids: Sequence[str]) -> Iterator[Item]:
    for first in range(0, len(ids), BATCH):
        yield from _kept(connection, kind, table, column.in_(ids[first : first + BATCH]))


def _kept(connection: Connection, kind: str, table: Table, which: ColumnElement[bool]) -> Iterator[Item]:
    return (_item(kind, row) for row in connection.execute(select(table).where(which)).mappings())


def _item(kind: str, row: RowMapping) -> Item:
    moments = ("at", "created_at", "queued_at", "locked_at")
    at = next(row[name] for name in moments if name in row)
    return Item(at, kind, {name: value for name, value in row.items() if name not in UNTOLD and value is not None})
