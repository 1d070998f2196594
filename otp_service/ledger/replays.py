"""Replays: events that go to an endpoint again, and the test event that goes to it alone."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, Select, or_, select

from otp_service.domain.errors import Refusal
from otp_service.domain.events import OPERATOR, Event, matches
from otp_service.ledger import audit
from otp_service.ledger.changes import Change
from otp_service.ledger.deliveries import TEST, D, E, new_delivery
from otp_service.ledger.events import record
from otp_service.ledger.schema import webhook_deliveries
from otp_service.ledger.webhooks import Webhook
from otp_service.ledger.writing import insert_into, insert_once

BATCH = 500


def test(change: Change, found: Webhook, occasion: str) -> str:
    """Send this endpoint alone an event of no meaning; its id. `conflict` where the application keeps no events."""
    application_id = found.application_id or OPERATOR
    event = Event(TEST, found.id, application_id, change.at_ms, {"id": found.id}, occasion)
    record(change.connection, [event])
    row = change.connection.execute(_events().where(E.id == event.id)).one_or_none()
    if row is None:
        raise Refusal("conflict", "this application's policy keeps no events: see retain_events_s")
    delivery = new_delivery(found, row, change.at_ms)
    change.connection.execute(insert_once(change.connection, webhook_deliveries), [delivery])
    audit.record(change, "webhook.test", application_id=found.application_id, target=found.id)
    return event.id


def one(change: Change, found: Webhook, event_id: str) -> int:
    """Send one event again, whatever came of it; `not_found` unless it concerns this endpoint."""
    row = change.connection.execute(_concerning(found).where(E.id == event_id)).one_or_none()
    if row is None:
        raise Refusal("not_found", "there is no such event for this webhook")
    count = _again(change, found, [row], or_(D.status == "failed", D.status == "delivered"))
    _audit(change, found, {"event": event_id, "deliveries": count})
    return count


def between(change: Change, found: Webhook, from_ms: int, to_ms: int) -> int:
    """Send what happened in [from_ms, to_ms), was wanted and was not delivered; how many events that is."""
    count, seq = 0, 0
    span = _concerning(found).where(E.at >= from_ms, E.at < to_ms).order_by(E.seq).limit(BATCH)
    while batch := change.connection.execute(span.where(E.seq > seq)).all():
        seq = batch[-1].seq
        wanted = [row for row in batch if row.type != TEST and matches(found.types, row.type)]
        count += _again(change, found, wanted, D.status == "failed")
    _audit(change, found, {"from_ms": from_ms, "to_ms": to_ms, "deliveries": count})
    return count


def _again(change: Change, found: Webhook, rows: Iterable[Row[Any]], which: Any) -> int:
    fresh = [new_delivery(found, row, change.at_ms) for row in rows]
    if not fresh:
        return 0
    insert = insert_into(change.connection, webhook_deliveries)
    anew = {name: insert.excluded[name] for name in ("status", "tries", "due_at", "leased_until", "changed_at")}
    again = insert.on_conflict_do_update(index_elements=["webhook_id", "event_id"], set_=anew, where=which)
    return len(change.connection.execute(again.returning(D.event_id), fresh).all())


def _concerning(found: Webhook) -> Select[Any]:
    return _events() if found.application_id is None else _events().where(E.application_id == found.application_id)


def _events() -> Select[Any]:
    return select(E.id, E.seq, E.type, E.subject)


def _audit(change: Change, found: Webhook, after: dict[str, Any]) -> None:
    audit.record(change, "webhook.replay", application_id=found.application_id, target=found.id, after=after)
