"""Retention: what an application's policy no longer keeps is forgotten, first the number, later the history.

Forgetting a number has two steps. Each verification and message has its own time, by its application's policy; after
it, the row no longer leads to a number (`number_kept`). A person to whom no row leads any more then loses the number
itself. Whoever has a number but no row loses it too: a repeated fact may bring a forgotten number back, and the next
run forgets it again. Blocks and hard locks carry their own index and subject, so they hold without the person.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    Exists,
    Select,
    Table,
    bindparam,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from otp_service.domain.events import OPERATOR
from otp_service.domain.policy import Policy
from otp_service.ledger import applications, factor_retention
from otp_service.ledger.engine import reading
from otp_service.ledger.events import forget as forget_events
from otp_service.ledger.ids import new_id
from otp_service.ledger.rows import CLIENT
from otp_service.ledger.schema import (
    attempts,
    events,
    factor_history,
    hard_locks,
    messages,
    people,
    receipts,
    verification_history,
    verifications,
)

BATCH = 500
_STRAYS = (verifications, messages, events, factor_history)  # which may outlive what is known of their application


@dataclass(frozen=True, slots=True)
class Retained:
    """How much one run forgot."""

    numbers: int
    verifications: int
    messages: int
    hard_locks: int


@dataclass(frozen=True, slots=True)
class _Kind:
    """A table whose rows are forgotten: since when one exists, when it ended, which columns name it in its parts."""

    table: Table
    since: ColumnElement[int]
    ended: ColumnElement[int]
    parts: tuple[Column[Any], ...]
    with_number: tuple[str, ...] = ()  # columns that are forgotten with the number


_VERIFICATIONS = _Kind(
    verifications,
    verifications.c.created_at,
    # Nothing is written when a code expires.
    func.coalesce(verifications.c.ended_at, verifications.c.expires_at, verifications.c.created_at),
    (verification_history.c.verification_id,),
    CLIENT,
)
_MESSAGES = _Kind(
    messages,
    messages.c.queued_at,
    # Many a provider never reports the end; one that still waits, or that the store has lost, ends at its deadline.
    func.coalesce(
        *(messages.c.ended_at, messages.c.sent_at, messages.c.accepted_at),
        case((messages.c.status == "scheduled", messages.c.deadline_at)),
        messages.c.queued_at,
    ),
    (attempts.c.message_id, receipts.c.message_id),
)


@dataclass(frozen=True, slots=True)
class _Rule:
    """What one application no longer keeps: numbers and history of what ended at these times or before."""

    application_id: str | None
    number_ms: int
    history_ms: int
    events_ms: int

    def over(self, kind: _Kind, cutoff_ms: int, *wanted: ColumnElement[bool]) -> Select[str, str | None]:
        """One batch of this application's rows, oldest first; what somebody is writing is left for the next run."""
        theirs = kind.table.c.application_id == self.application_id  # with None: IS NULL
        return (
            select(kind.table.c.id, kind.table.c.person_id)
            .where(theirs, *wanted)
            .where(kind.since <= cutoff_ms, kind.ended <= cutoff_ms)
            .order_by(kind.since)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )


def retain(engine: Engine, now_ms: int) -> Retained:
    """Forget what no policy keeps any more, in short transactions.

    An application whose policy can't be read keeps everything. Rows of no known application follow the default policy.
    """
    deleted = {"verifications": 0, "messages": 0, "hard_locks": 0}
    for rule in _rules(engine, now_ms):
        for kind in (_VERIFICATIONS, _MESSAGES):
            _in_batches(engine, partial(_forget_numbers, rule, kind))
            deleted[kind.table.name] += _in_batches(engine, partial(_delete, rule, kind))
        deleted["hard_locks"] += _delete_lifted(engine, rule)
        _in_batches(engine, partial(forget_events, rule.application_id or OPERATOR, rule.events_ms))
        factor_retention.forget_history(engine, rule.application_id, rule.history_ms)
    factor_retention.forget(engine, now_ms)
    return Retained(_forget_people(engine), **deleted)


def _rules(engine: Engine, now_ms: int) -> list[_Rule]:
    with reading(engine) as connection:
        kept: dict[str | None, Policy | None] = dict(applications.policies(connection).items())
        seen = [id for table in _STRAYS for id in _application_ids(table, connection)]
    for stray in (None, *seen):
        kept.setdefault(stray, Policy())
    return [
        _Rule(id, *(now_ms - kept_s * 1000 for kept_s in _kept_s(policy)))
        for id, policy in kept.items()
        if policy is not None
    ]


def _kept_s(policy: Policy) -> tuple[int, int, int]:
    return policy.retain_number_s, policy.retain_history_s, policy.retain_events_s


def _application_ids(table: Table, connection: Connection) -> Iterator[str]:
    """The distinct ids, each found by one step in the index instead of a walk through all rows."""
    after = ""
    column = table.c.application_id
    while found := connection.scalar(select(func.min(column)).where(column > after)):
        yield found
        after = found


def _in_batches(engine: Engine, step: Callable[[Connection], int]) -> int:
    total = 0
    while True:
        with engine.begin() as connection:
            count = step(connection)
        total += count
        if count < BATCH:
            return total


def _forget_numbers(rule: _Rule, kind: _Kind, connection: Connection) -> int:
    ids = connection.scalars(rule.over(kind, rule.number_ms, kind.table.c.number_kept)).all()
    forgotten = {"number_kept": False, **dict.fromkeys(kind.with_number)}
    connection.execute(update(kind.table).where(kind.table.c.id.in_(ids)).values(forgotten))
    return len(ids)


def _delete(rule: _Rule, kind: _Kind, connection: Connection) -> int:
    found = connection.execute(rule.over(kind, rule.history_ms)).all()
    ids = [row.id for row in found]
    for part in kind.parts:
        connection.execute(delete(part.table).where(part.in_(ids)))
    connection.execute(delete(kind.table).where(kind.table.c.id.in_(ids)))
    nameless = people.c.to_sealed.is_(None) & people.c.person_id.in_({row.person_id for row in found})
    connection.execute(delete(people).where(nameless, ~_is_referenced()))
    return len(ids)


def _delete_lifted(engine: Engine, rule: _Rule) -> int:
    theirs = hard_locks.c.application_id == rule.application_id
    with engine.begin() as connection:
        return connection.execute(delete(hard_locks).where(theirs, hard_locks.c.lifted_at <= rule.history_ms)).rowcount


def _forget_people(engine: Engine) -> int:
    """Take the number from everybody to whom no row leads any more; one walk through those who have one."""
    total, after = 0, ""
    while True:
        with engine.begin() as connection:
            ids = connection.scalars(_without_rows(after)).all()
            total += _take_numbers(connection, ids)
        if len(ids) < BATCH:
            return total
        after = ids[-1]


def _without_rows(after: str) -> Select[str]:
    return (
        select(people.c.person_id)
        .where(people.c.to_sealed.is_not(None), people.c.person_id > after, ~_is_kept())
        .order_by(people.c.person_id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )


def _take_numbers(connection: Connection, ids: Sequence[str]) -> int:
    if not ids:
        return 0
    # Asked again: before the rows were locked, a courier may have brought a new verification of this person.
    gone = connection.execute(delete(people).where(people.c.person_id.in_(ids), ~_is_referenced())).rowcount
    forget = (
        update(people)
        .where(people.c.person_id == bindparam("id"), ~_is_kept())
        .values(to_sealed=None, number_index=bindparam("random"))
    )
    forgotten = connection.execute(forget, [{"id": id, "random": new_id("gone")} for id in ids]).rowcount
    return gone + forgotten


def _is_kept() -> ColumnElement[bool]:
    return or_(*(_leads_here(table).where(table.c.number_kept) for table in (verifications, messages)))


def _is_referenced() -> ColumnElement[bool]:
    return or_(*(_leads_here(table) for table in (verifications, messages)))


def _leads_here(table: Table) -> Exists:
    return exists().where(table.c.person_id == people.c.person_id)
