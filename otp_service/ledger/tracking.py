"""One message as the ledger knows it: what it is, every try with a provider, and every report of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, select

from otp_service.domain.messages import RANKS
from otp_service.ledger.reading import Person
from otp_service.ledger.schema import attempts, messages, people, receipts, verifications


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One try with one provider; its time in milliseconds."""

    n: int
    provider: str
    sender: str | None
    verdict: str
    reason: str | None
    raw: str | None
    provider_message_id: str | None
    took_ms: int | None
    cost_micros: int | None
    at: int


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """One report of a provider; its time in milliseconds."""

    provider: str
    part: str | None
    status: str
    reason: str | None
    raw: str | None
    provider_message_id: str | None
    at: int


@dataclass(frozen=True, slots=True)
class TrackedRow:
    """One message; times in milliseconds. `message_class` is None for a code."""

    id: str
    n: int
    verification_id: str | None
    test: bool
    message_class: str | None
    status: str
    reason: str | None
    provider: str | None
    channel: str | None
    country: str | None
    encoding: str | None
    segments: int | None
    price_micros: int | None
    cost_micros: int | None
    template: str | None
    locale: str | None
    reference: str | None
    outcome: str | None
    metadata: Mapping[str, Any] | None
    queued_at: int
    send_at: int | None
    deadline_at: int | None
    accepted_at: int | None
    sent_at: int | None
    ended_at: int | None
    person: Person | None
    attempts: Sequence[AttemptRow]
    receipts: Sequence[ReceiptRow]


_PLAIN = (
    *("id", "n", "verification_id", "status", "reason", "provider", "channel", "encoding", "segments"),
    *("price_micros", "cost_micros", "template", "locale", "reference", "outcome", "metadata"),
    *("queued_at", "send_at", "accepted_at", "sent_at", "ended_at"),
)


def tracked(connection: Connection, application_id: str, id: str) -> TrackedRow | None:
    """One message of this application; the deadline of a code's message is when the code expires."""
    found = (
        select(*columns())
        .outerjoin(verifications, verifications.c.id == messages.c.verification_id)
        .outerjoin(people, people.c.person_id == messages.c.person_id)
        .where(messages.c.id == id, messages.c.application_id == application_id)
    )
    row = connection.execute(found).mappings().one_or_none()
    if row is None:
        return None
    return replace(tracked_row(row), attempts=_attempts(connection, id), receipts=_receipts(connection, id))


def columns() -> list[ColumnElement[Any]]:
    """What a message is read from: its own row, its verification's and its person's."""
    return [
        *(messages.c[name] for name in _PLAIN),
        messages.c["class"].label("message_class"),
        func.coalesce(messages.c.test, verifications.c.test, False).label("test"),
        func.coalesce(messages.c.country, people.c.country).label("country"),
        func.coalesce(messages.c.deadline_at, verifications.c.expires_at).label("deadline_at"),
        messages.c.number_kept,
        *(people.c[name] for name in ("person_id", "number_index", "to_sealed")),
    ]


def tracked_row(row: RowMapping) -> TrackedRow:
    """A row as a message, without its tries and reports."""
    told = {name: row[name] for name in TrackedRow.__slots__ if name not in ("person", "attempts", "receipts")}
    return TrackedRow(**told, person=_person(row), attempts=(), receipts=())


def _person(row: RowMapping) -> Person | None:
    if row["person_id"] is None:
        return None
    kept = row["number_kept"]
    return Person(
        row["person_id"], row["number_index"] if kept else None, row["to_sealed"] if kept else None, row["country"]
    )


def _attempts(connection: Connection, id: str) -> list[AttemptRow]:
    columns = (attempts.c[name] for name in AttemptRow.__slots__)
    found = select(*columns).where(attempts.c.message_id == id).order_by(attempts.c.n)
    return [AttemptRow(*row) for row in connection.execute(found)]


def _receipts(connection: Connection, id: str) -> list[ReceiptRow]:
    columns = (receipts.c[name] for name in ReceiptRow.__slots__)
    found = select(*columns).where(receipts.c.message_id == id).order_by(receipts.c.at, receipts.c.fact_id)
    rows = (ReceiptRow(*row) for row in connection.execute(found))
    return sorted(rows, key=lambda row: (row.at, RANKS.get(row.status, 0)))  # two of one millisecond tell one story


@dataclass(frozen=True, slots=True)
class HandedOver:
    """How a message went out: under which sender, where to and when."""

    sender: str | None
    country: str | None
    at: int


def handed_over(connection: Connection, message: str, provider: str) -> HandedOver | None:
    """The last time that this provider accepted a message."""
    theirs = (attempts.c.message_id == message, attempts.c.provider == provider, attempts.c.verdict == "accepted")
    columns = (attempts.c[name] for name in HandedOver.__slots__)
    row = connection.execute(select(*columns).where(*theirs).order_by(attempts.c.n.desc()).limit(1)).first()
    return HandedOver(*row) if row else None
