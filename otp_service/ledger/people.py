"""One person in the ledger: what names them, everything that is known of them, and forgetting it.

An id of a verification begins with a keyed index of its number, so forgetting somebody gives their rows other ids,
random ones that lead nowhere. What is left counts (what was sent, what it cost, what came of it) and names nobody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, bindparam, delete, func, or_, select, update

from otp_service.domain.ids import MAC_BYTES, PLACE_BYTES, RANDOM_BYTES, SUBJECT_BYTES, TAG_BYTES
from otp_service.domain.keys import b64
from otp_service.ledger import audit
from otp_service.ledger.blocks import ALLOWS, touch
from otp_service.ledger.changes import Change
from otp_service.ledger.ids import new_id
from otp_service.ledger.schema import (
    allows,
    attempts,
    blocks,
    events,
    hard_locks,
    messages,
    opt_outs,
    people,
    receipts,
    verification_history,
    verifications,
    webhook_deliveries,
)
from otp_service.ledger.writing import insert_into

VERIFICATION = "ver_"
PREFIX = len(VERIFICATION) + SUBJECT_BYTES * 4 // 3  # of an id, until where it names its subject
BATCH = 500
OPEN = ("pending", "queued", "scheduled", "sending")
TOLD = ("status", "reason", "sends", "used")  # of a step in a verification's history, that names nobody

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Whom:
    """How the ledger names somebody: by the number's index, and by its subject in each realm."""

    index: str
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Traces:
    """What of the ledger names somebody; `person_id` is None where no number is kept."""

    person_id: str | None
    verifications: Sequence[str]
    messages: Sequence[str]
    vendor_ids: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows no longer name anybody."""

    verifications: int
    messages: int
    hard_locks: int
    allows: int
    suppressions: int  # blocks and opt-outs, which stay by their index and lose the number


def person_of(connection: Connection, index: str) -> str | None:
    """The random id by which the ledger and the audit name the person of this number."""
    return connection.scalar(select(people.c.person_id).where(people.c.number_index == index))


def introduce(connection: Connection, row: Json) -> str:
    """The random id of this person, made if they have none; what leads to nobody is forgotten by retention."""
    insert = insert_into(connection, people).on_conflict_do_nothing(index_elements=["number_index"])
    connection.execute(insert, {"person_id": new_id("per"), **row})
    found = select(people.c.person_id).where(people.c.number_index == row["number_index"])
    return str(connection.scalars(found).one())


def traces(connection: Connection, whom: Whom) -> Traces:
    """What names this person, also what came after their number was forgotten."""
    person_id = person_of(connection, whom.index)
    begins = [VERIFICATION + subject for subject in whom.subjects]
    theirs = _leads(verifications.c.person_id, person_id, verifications.c.id, begins)
    own = _leads(messages.c.person_id, person_id, messages.c.verification_id, begins)
    found = connection.scalars(select(verifications.c.id).where(theirs)).all()
    sent = connection.scalars(select(messages.c.id).where(own)).all()
    vendors = {
        (row.provider, row.provider_message_id)
        for table in (attempts, receipts)
        for row in _by_batches(connection, table, table.c.message_id, sent)
        if row.provider_message_id
    }
    return Traces(person_id, found, sent, sorted(vendors))


def _leads(person: Column[Any], person_id: str | None, id: Column[Any], begins: Sequence[str]) -> ColumnElement[bool]:
    named = func.substr(id, 1, PREFIX).in_(begins)
    return named if person_id is None else or_(person == person_id, named)


def erase(change: Change, whom: Whom) -> Erased:
    """Forgets this person, in one transaction with its entry in the audit, which names the random id alone."""
    connection = change.connection
    known = traces(connection, whom)
    stranger = new_id("per")
    _forget_events(connection, whom, known)
    renamed = {id: new_id_like(VERIFICATION) for id in known.verifications}
    sent = {id: new_id_like("msg_") for id in known.messages}
    _rename_verifications(connection, renamed, stranger, change.at_ms)
    _rename_messages(connection, sent, renamed, stranger, change.at_ms)
    erased = Erased(
        len(renamed),
        len(sent),
        _deleted(connection, hard_locks, locks_of(whom, known)),
        _deleted(connection, allows, (allows.c.kind == "number") & (allows.c.value == whom.index)),
        _unsealed(connection, whom),
    )
    if erased.allows:
        touch(change, ALLOWS)
    gone = _deleted(connection, people, people.c.number_index == whom.index)
    if gone or any(getattr(erased, name) for name in Erased.__slots__):
        counted = {name: getattr(erased, name) for name in Erased.__slots__}
        audit.record(change, "person.erase", target=known.person_id, after=counted)
    return erased


def new_id_like(prefix: str) -> str:
    """A random id of the form of this kind's ids; of a message that names no cell."""
    return prefix + b64(token_bytes(_BYTES[prefix]))


_BYTES = {VERIFICATION: SUBJECT_BYTES + TAG_BYTES + RANDOM_BYTES + MAC_BYTES, "msg_": PLACE_BYTES + RANDOM_BYTES}


def _forget_events(connection: Connection, whom: Whom, known: Traces) -> None:
    begins = [VERIFICATION + subject for subject in whom.subjects]
    about = {*known.verifications, *known.messages}
    named = func.substr(events.c.subject, 1, PREFIX).in_(begins)
    ids = list(connection.scalars(select(events.c.id).where(named)))
    for batch in _batches(sorted(about)):
        ids += connection.scalars(select(events.c.id).where(events.c.subject.in_(batch)))
    for batch in _batches(ids):
        connection.execute(delete(webhook_deliveries).where(webhook_deliveries.c.event_id.in_(batch)))
        connection.execute(delete(events).where(events.c.id.in_(batch)))


def _rename_verifications(connection: Connection, renamed: Mapping[str, str], stranger: str, now_ms: int) -> None:
    table, history = verifications, verification_history
    nothing = dict.fromkeys(("metadata", "ip_index", "network_index", "device_index", "user_index"))
    put: Json = {"id": bindparam("new"), "person_id": stranger, "number_kept": False, **nothing}
    rows = list(_by_batches(connection, history, history.c.verification_id, list(renamed)))
    _change_each(connection, table, table.c.id, put, renamed)
    _end_open(connection, table, renamed.values(), now_ms)
    steps = [
        {
            "old": row.fact_id,
            "fact": row.fact_id.replace(row.verification_id, renamed[row.verification_id]),
            "new": renamed[row.verification_id],
            "said": {name: row.data[name] for name in TOLD if name in row.data},
        }
        for row in rows
    ]
    if steps:
        put = {"fact_id": bindparam("fact"), "verification_id": bindparam("new"), "data": bindparam("said")}
        connection.execute(update(history).where(history.c.fact_id == bindparam("old")).values(put), steps)


def _rename_messages(
    connection: Connection, sent: Mapping[str, str], renamed: Mapping[str, str], stranger: str, now_ms: int
) -> None:
    table = messages
    nothing = dict.fromkeys(("reference", "metadata", "provider_message_id"))
    put: Json = {"id": bindparam("new"), "person_id": stranger, "number_kept": False, **nothing}
    _change_each(connection, table, table.c.id, put, sent)
    _end_open(connection, table, sent.values(), now_ms)
    _change_each(
        *(connection, table, table.c.verification_id, {"verification_id": bindparam("new")}),
        # Of one whose first fact never came only the id of its verification is known.
        {id: renamed.get(id, new_id_like(VERIFICATION)) for id in _verifications_of(connection, sent.values())},
    )
    unsaid = dict.fromkeys(("raw", "provider_message_id"))
    _change_each(connection, attempts, attempts.c.message_id, {"message_id": bindparam("new"), **unsaid}, sent)
    facts = func.replace(receipts.c.fact_id, bindparam("old"), bindparam("new"))
    moved: Json = {"message_id": bindparam("new"), "fact_id": facts, **unsaid}
    _change_each(connection, receipts, receipts.c.message_id, moved, sent)


def _verifications_of(connection: Connection, sent: Iterable[str]) -> set[str]:
    rows = _by_batches(connection, messages, messages.c.id, list(sent))
    return {row.verification_id for row in rows if row.verification_id}


def _change_each(
    connection: Connection, table: Table, column: Column[Any], put: Mapping[str, Any], renamed: Mapping[str, str]
) -> None:
    if renamed:
        pairs = [{"old": old, "new": new} for old, new in renamed.items()]
        connection.execute(update(table).where(column == bindparam("old")).values(put), pairs)


def _end_open(connection: Connection, table: Table, ids: Iterable[str], now_ms: int) -> None:
    for batch in _batches(list(ids)):
        waits = table.c.id.in_(batch) & table.c.status.in_(OPEN)
        connection.execute(update(table).where(waits).values(status="canceled", reason="erased", ended_at=now_ms))


def locks_of(whom: Whom, known: Traces) -> ColumnElement[bool]:
    """The hard locks of this person, also those of before they had a random id."""
    theirs = hard_locks.c.subject.in_(whom.subjects)
    return theirs if known.person_id is None else or_(theirs, hard_locks.c.person_id == known.person_id)


def _unsealed(connection: Connection, whom: Whom) -> int:
    """Takes the number from who must get nothing; the index stays, or they would get it again."""
    their_blocks = (blocks.c.kind == "number") & (blocks.c.value == whom.index) & blocks.c.to_sealed.is_not(None)
    their_wish = (opt_outs.c.number_index == whom.index) & opt_outs.c.to_sealed.is_not(None)
    found = ((blocks, their_blocks), (opt_outs, their_wish))
    return sum(connection.execute(update(each).where(which).values(to_sealed=None)).rowcount for each, which in found)


def _deleted(connection: Connection, table: Table, which: ColumnElement[bool]) -> int:
    return connection.execute(delete(table).where(which)).rowcount


def _by_batches(connection: Connection, table: Table, column: Column[Any], ids: Sequence[str]) -> list[Any]:
    return [row for batch in _batches(ids) for row in connection.execute(select(table).where(column.in_(batch)))]


def _batches(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[first : first + BATCH] for first in range(0, len(ids), BATCH))
