"""Events as the ledger keeps them: each once, numbered in the order of commits, forgotten by policy."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, Select, Text, cast, delete, exists, or_, select, update

from otp_service.domain.events import Event
from otp_service.ledger.schema import applications, events, meta, webhook_deliveries
from otp_service.ledger.writing import insert_into

SEQ, FANOUT = "event_seq", "event_fanout"
BATCH = 500


@dataclass(frozen=True, slots=True)
class Told:
    """An event as a reader gets it; a reader who knows `seq` has missed none before it."""

    seq: int
    id: str
    type: str
    at: int
    data: dict[str, Any]


def record(connection: Connection, told: Iterable[Event]) -> None:
    """Write down what is new; the last thing that a transaction does.

    Numbers are taken under the lock of the counter's row, which holds until the commit: whoever takes the next ones
    commits later, so a reader never sees a number before a lower one.
    """
    found = {event.id: event for event in told}
    muted = _muted(connection, {event.application_id for event in found.values()})
    rows = [_row(id, event) for id, event in found.items() if event.application_id not in muted]
    if not rows:
        return
    first = _advance(connection, len(rows)) - len(rows) + 1
    # A repeat leaves a gap in the numbers, which no reader minds. Any other conflict is a fault, and must fail.
    insert = insert_into(connection, events).on_conflict_do_nothing(index_elements=["id"])
    connection.execute(insert, [{"seq": seq, **row} for seq, row in enumerate(rows, first)])


def head(connection: Connection) -> int:
    """The number of the newest event."""
    return int(connection.scalars(select(meta.c.value).where(meta.c.name == SEQ)).one())


def after(
    connection: Connection, application_id: str, seq: int, types: Collection[str] = (), limit: int = 100
) -> Sequence[Told]:
    """Up to `limit` events of an application that follow this number, in order."""
    found = _told().where(events.c.application_id == application_id, events.c.seq > seq)
    if types:
        found = found.where(_of_types(types))
    return [told(row) for row in connection.execute(found.order_by(events.c.seq).limit(limit))]


def forget(application_id: str, cutoff_ms: int, connection: Connection) -> int:
    """Delete one batch of an application's events that happened until then, with their deliveries; how many.

    What no webhook was given yet, and what one is still to get, stays for a later batch.
    """
    oldest = select(events.c.seq, events.c.id, events.c.at).where(events.c.application_id == application_id)
    batch = oldest.order_by(events.c.seq).limit(BATCH).subquery()
    waits = exists().where(webhook_deliveries.c.event_id == batch.c.id, webhook_deliveries.c.status == "pending")
    given = select(cast(meta.c.value, BigInteger)).where(meta.c.name == FANOUT).scalar_subquery()
    ids = connection.scalars(select(batch.c.id).where(batch.c.at <= cutoff_ms, batch.c.seq <= given, ~waits)).all()
    connection.execute(delete(webhook_deliveries).where(webhook_deliveries.c.event_id.in_(ids)))
    connection.execute(delete(events).where(events.c.id.in_(ids)))
    return len(ids)


def told(row: Row[Any]) -> Told:
    """A row as an event."""
    return Told(row.seq, row.id, row.type, row.at, row.data)


def _told() -> Select[Any]:
    return select(*(events.c[name] for name in Told.__slots__))


def _of_types(types: Collection[str]) -> Any:
    exact = [type for type in types if not type.endswith(".*")]
    families = [type.removesuffix("*") for type in types if type.endswith(".*")]
    return or_(events.c.type.in_(exact), *(events.c.type.startswith(family, autoescape=True) for family in families))


def _advance(connection: Connection, count: int) -> int:
    grown = cast(cast(meta.c.value, BigInteger) + count, Text)
    taken = update(meta).where(meta.c.name == SEQ).values(value=grown).returning(meta.c.value)
    return int(connection.scalars(taken).one())


def _row(id: str, event: Event) -> dict[str, Any]:
    return {
        "id": id,
        "application_id": event.application_id,
        "type": event.type,
        "subject": event.about,
        "at": event.at_ms,
        "data": dict(event.data),
    }


def _muted(connection: Connection, ids: Collection[str]) -> set[str]:
    """The applications that keep no events."""
    if not ids:
        return set()
    found = select(applications.c.id, cast(applications.c.policy, Text)).where(applications.c.id.in_(ids))
    return {id for id, policy in connection.execute(found) if _keeps_none(policy)}


def _keeps_none(policy: str) -> bool:
    try:
        return bool(json.loads(policy).get("retain_events_s") == 0)
    except (ValueError, AttributeError):
        return False
