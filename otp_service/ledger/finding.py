"""What the ledger holds of some verifications and messages beside their rows: every step, try, report and telling."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from otp_service.domain.events import OF_MESSAGES, OF_VERIFICATIONS, event_id
from otp_service.ledger.schema import (
    applications,
    attempts,
    events,
    messages,
    people,
    receipts,
    verification_history,
    verifications,
    webhook_deliveries,
    webhooks,
)
from otp_service.ledger.tracking import AttemptRow, ReceiptRow, TrackedRow, columns, tracked_row

SEARCHED = 20_000  # of an application's newest verifications, for what no index finds


@dataclass(frozen=True, slots=True)
class Step:
    """One turn of a verification; `data` has `sends`, `used`, `message` and `request` as far as they were told."""

    event: str
    at: int
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Telling:
    """One event as one webhook was told it; `answer` is the last status, or why there was none."""

    type: str
    webhook_id: str
    url: str
    status: str
    tries: int
    answer: str | None
    at: int


@dataclass(frozen=True, slots=True)
class Trail:
    """What happened to verifications and messages, by their ids, each in the order of time."""

    steps: Mapping[str, Sequence[Step]]
    attempts: Mapping[str, Sequence[AttemptRow]]
    receipts: Mapping[str, Sequence[ReceiptRow]]
    tellings: Mapping[str, Sequence[Telling]]


def trail(connection: Connection, verification_ids: Collection[str], message_ids: Collection[str]) -> Trail:
    """Everything that is known of these, in four statements."""
    names = [*AttemptRow.__slots__]
    tries = select(attempts.c.message_id, *(attempts.c[name] for name in names))
    reports = select(receipts.c.message_id, *(receipts.c[name] for name in ReceiptRow.__slots__))
    steps = select(verification_history.c.verification_id, *(verification_history.c[name] for name in Step.__slots__))
    return Trail(
        _grouped(
            connection,
            steps.where(verification_history.c.verification_id.in_(verification_ids)).order_by(
                verification_history.c.n
            ),
            Step,
        ),
        _grouped(connection, tries.where(attempts.c.message_id.in_(message_ids)).order_by(attempts.c.n), AttemptRow),
        _grouped(connection, reports.where(receipts.c.message_id.in_(message_ids)).order_by(receipts.c.at), ReceiptRow),
        _grouped(connection, _tellings([*verification_ids], [*message_ids]), Telling),
    )


@dataclass(frozen=True, slots=True)
class Own:
    """A message that carried no code, and whose it is."""

    application_id: str
    row: TrackedRow


def own_messages(connection: Connection, number_index: str, limit: int) -> list[Own]:
    """Messages to a number that carried no code, newest first, without their tries and reports."""
    theirs = _own().where(people.c.number_index == number_index, messages.c.number_kept)
    newest = theirs.order_by(messages.c.queued_at.desc(), messages.c.id.desc()).limit(limit)
    return [Own(row["application_id"], tracked_row(row)) for row in connection.execute(newest).mappings()]


def own_message(connection: Connection, id: str) -> list[Own]:
    """The message of this id that carried no code, of whichever application."""
    found = connection.execute(_own().where(messages.c.id == id)).mappings()
    return [Own(row["application_id"], tracked_row(row)) for row in found]


def _own() -> Select[Any]:
    return (
        select(*columns(), messages.c.application_id)
        .outerjoin(verifications, verifications.c.id == messages.c.verification_id)
        .outerjoin(people, people.c.person_id == messages.c.person_id)
        .where(messages.c["class"].is_not(None), messages.c.application_id.is_not(None))
    )


def verification_of(connection: Connection, message_id: str) -> str | None:
    """The verification whose code a message carried."""
    found: str | None = connection.scalar(select(messages.c.verification_id).where(messages.c.id == message_id))
    return found


def by_request(connection: Connection, request_id: str) -> list[str]:
    """The verifications that a request turned, among the newest of every application."""
    found: list[str] = []
    for owner in connection.scalars(select(applications.c.id)).all():
        newest = (
            select(verifications.c.id)
            .where(verifications.c.application_id == owner)
            .order_by(verifications.c.created_at.desc(), verifications.c.id.desc())
            .limit(SEARCHED)
            .subquery()
        )
        turned = select(verification_history.c.verification_id).join(
            newest, newest.c.id == verification_history.c.verification_id
        )
        asked = verification_history.c.data["request"].as_string() == request_id
        found += connection.scalars(turned.where(asked).distinct().limit(50)).all()
    return found


def _tellings(verification_ids: Iterable[str], message_ids: Iterable[str]) -> Select[Any]:
    # Events have no index by what they are about, but each one's id follows from it.
    known = [event_id(type, id) for type in set(OF_VERIFICATIONS.values()) for id in verification_ids]
    known += [event_id(type, id) for type in set(OF_MESSAGES.values()) for id in message_ids]
    deliveries = webhook_deliveries.c
    return (
        select(
            *(events.c.subject, events.c.type, webhooks.c.id, webhooks.c.url),
            *(deliveries.status, deliveries.tries, deliveries.answer, deliveries.changed_at),
        )
        .join(webhook_deliveries, deliveries.event_id == events.c.id)
        .join(webhooks, webhooks.c.id == deliveries.webhook_id)
        .where(events.c.id.in_(known))
        .order_by(deliveries.changed_at, events.c.seq)
    )


def _grouped(connection: Connection, found: Select[Any], make: type[Any]) -> dict[str, list[Any]]:
    """Rows by their first column, made of the others."""
    grouped: dict[str, list[Any]] = {}
    for first, *rest in connection.execute(found):
        grouped.setdefault(first, []).append(make(*rest))
    return grouped
