"""Facts come in: drained from the store in batches, repeated and out of order, each of them kept once."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, case, func, select

from otp_service.domain.facts import Fact, FactType
from otp_service.ledger import costs, meta, news, rows
from otp_service.ledger.ids import new_id
from otp_service.ledger.rows import Row
from otp_service.ledger.schema import (
    attempts,
    hard_locks,
    messages,
    people,
    receipts,
    verification_history,
    verifications,
)
from otp_service.ledger.writing import Insert, insert_into, insert_once

Value = ColumnElement[Any]


def _as_told(old: Value, new: Value, is_newer: Value) -> Value:
    return case((is_newer, new), else_=old)


def _newest_said(old: Value, new: Value, is_newer: Value) -> Value:
    return case((is_newer, func.coalesce(new, old)), else_=func.coalesce(old, new))


def _first_said(old: Value, new: Value, _: Value) -> Value:
    return func.coalesce(old, new)


def _earliest(old: Value, new: Value, _: Value) -> Value:
    return case((new < old, new), else_=old)


def _while_kept(old: Value, new: Value, _: Value) -> Value:
    return case((verifications.c.number_kept, func.coalesce(old, new)), else_=old)


def _best(old: Value, new: Value, _: Value) -> Value:
    return case((new == "converted", new), else_=func.coalesce(old, new))


_MOVED = ("send_at", "deadline_at", "moved_at")  # a move is no transition: the later of two is the newer fact

# What becomes of each column when another fact tells of the same row; what isn't named here is told by the first fact
# that says it, in whatever order they come.
_RULES = {
    **dict.fromkeys(("n", "status", "reason"), _as_told),
    **dict.fromkeys(("sends", "used", "provider", "provider_message_id", "ended_at"), _newest_said),
    **dict.fromkeys(_MOVED, _newest_said),
    **dict.fromkeys(rows.CLIENT, _while_kept),
    "outcome": _best,
    **dict.fromkeys(("created_at", "queued_at"), _earliest),
}
_NEVER = frozenset({"id", "number_kept"})  # a number that was forgotten stays forgotten

# In the order in which they are written: (types of fact, their row, the table, whether later facts change the row).
_PARTS: tuple[tuple[tuple[FactType, ...], Callable[[Fact], Row], Table, bool], ...] = (
    (("verification",), rows.verification, verifications, True),
    (("verification",), rows.history, verification_history, False),
    (("message", "outcome"), rows.message, messages, True),
    (("attempt",), rows.attempt, attempts, False),
    (("receipt",), rows.receipt, receipts, False),
)
_TYPES = {kind for part in _PARTS for kind in part[0]} | {"lock", "failures", "alarm"}


def new_person_id() -> str:
    """A fresh id for a person, telling nothing about the number."""
    return new_id("per")


def apply_facts(engine: Engine, facts: Sequence[Fact], person_id: Callable[[], str] = new_person_id) -> None:
    """Keep these facts in one transaction; those known already change nothing.

    A fact that is not of its type's form raises KeyError, TypeError or ValueError before anything is written.
    """
    unknown = {fact.type for fact in facts} - _TYPES
    if unknown:
        raise ValueError(f"there are no facts of type {min(unknown)!r}")
    written = [(table, grows, [row(f) for f in facts if f.type in kinds]) for kinds, row, table, grows in _PARTS]
    locks = [rows.lock(fact) for fact in facts if fact.type == "lock"]
    named = [person for person in (rows.person(fact, person_id) for fact in facts) if person]
    with engine.begin() as connection:
        ids = _keep_people(connection, named)
        for table, grows, found in written:
            _write(connection, table, grows, _with_people(found, ids))
        costs.add_up(connection, facts)
        news.tell(connection, facts, _lock(connection, _with_people(locks, ids)))


def _keep_people(connection: Connection, named: Iterable[Row]) -> Mapping[str, str]:
    """The person_id of each number_index, made where there was none, and locked: retention can't forget them now."""
    found = {row["number_index"]: row for row in named}
    if not found:
        return {}
    insert = insert_into(connection, people)
    touched = {"number_index": insert.excluded.number_index}
    statement = insert.on_conflict_do_update(index_elements=["number_index"], set_=touched)
    connection.execute(statement, [found[index] for index in sorted(found)])
    ids = select(people.c.number_index, people.c.person_id).where(people.c.number_index.in_(found))
    return {row.number_index: row.person_id for row in connection.execute(ids)}


def _with_people(found: list[Row], ids: Mapping[str, str]) -> list[Row]:
    return [row | {"person_id": ids.get(row["person_id"])} if "person_id" in row else row for row in found]


def _write(connection: Connection, table: Table, grows: bool, found: list[Row]) -> None:
    if found:
        # Sorted, so that two couriers who know the same rows lock them in the same order and never wait in a ring.
        key = [column.name for column in table.primary_key]
        found.sort(key=lambda row: [row[name] for name in key])
        statement = _growing(connection, table) if grows else insert_once(connection, table)
        connection.execute(statement, found)


def _growing(connection: Connection, table: Table) -> Insert:
    """An insertion that lets a row that exists grow by the rules."""
    insert = insert_into(connection, table)
    new = insert.excluded
    is_newer, is_moved = new.n > table.c.n, new.n > table.c.n
    if "moved_at" in table.c:
        is_moved = func.coalesce(new.moved_at, 0) > func.coalesce(table.c.moved_at, 0)
    grown = {
        name: _RULES.get(name, _first_said)(column, new[name], is_moved if name in _MOVED else is_newer)
        for name, column in table.c.items()
        if name not in _NEVER
    }
    return insert.on_conflict_do_update(index_elements=["id"], set_=grown)


def _lock(connection: Connection, locks: Collection[Row]) -> set[str]:
    """The ids of the locks that are new."""
    insert = insert_once(connection, hard_locks).returning(hard_locks.c.fact_id)
    # None where this lock was there, lifted or not.
    fresh = {id for row in locks if (id := connection.scalar(insert, row)) is not None}
    if fresh:
        meta.bump_version(connection)
    return fresh
