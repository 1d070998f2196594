"""Deliveries: each event once to each endpoint that wants it, shared by any number of couriers, in order per subject.

A delivery is leased while somebody tries it; who dies with it lets it go when the lease ends. Its number of tries tells
whose answer counts: one that comes after the lease went to another changes nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, Update, bindparam, exists, select, tuple_, update

from otp_service.domain.events import OPERATOR, matches
from otp_service.domain.webhooks import DISABLED_AFTER_S
from otp_service.ledger import events, webhooks
from otp_service.ledger.engine import reading
from otp_service.ledger.events import FANOUT, Told
from otp_service.ledger.schema import events as events_table
from otp_service.ledger.schema import meta, webhook_deliveries
from otp_service.ledger.schema import webhooks as webhooks_table
from otp_service.ledger.webhooks import Secret, Webhook
from otp_service.ledger.writing import insert_once

BATCH = 500
TEST = "webhook.test"  # goes to the one endpoint that was asked for, not to all
D, E, W = webhook_deliveries.c, events_table.c, webhooks_table.c


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is this courier's until its lease ends."""

    webhook_id: str
    url: str
    tries: int
    event: Told
    secrets: Sequence[Secret] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one try; `due_at` is when to try again, None where it is over."""

    claimed: Claimed
    delivered: bool
    answer: str
    due_at: int | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as admins see it."""

    event_id: str
    type: str | None
    status: str
    tries: int
    due_at: int
    answer: str | None
    changed_at: int


def fan_out(engine: Engine, now_ms: int) -> int:
    """Give the next events to the endpoints that want them; how many events were looked at."""
    with reading(engine) as connection:
        if events.head(connection) <= _given(connection):
            return 0
    with engine.begin() as connection:
        # Whoever fans out holds this row, so each event is given once, and in order.
        done = int(connection.scalars(_set_given(meta.c.value).returning(meta.c.value)).one())
        head = events.head(connection)
        batch = connection.execute(_following(done)).all()
        rows = _wanted(webhooks.enabled(connection), batch, now_ms)
        if rows:
            connection.execute(insert_once(connection, webhook_deliveries), rows)
        last = batch[-1].seq if batch else done
        connection.execute(_set_given(str(last if len(batch) == BATCH else max(last, head))))
    return len(batch)


def claim(engine: Engine, now_ms: int, lease_ms: int, room: Callable[[str], int]) -> list[Claimed]:
    """Lease what is due, up to the room that each endpoint has here; of one subject only what comes first."""
    with reading(engine) as connection:
        rooms = {id: room(id) for id in connection.scalars(_waiting(now_ms))}
    if not any(rooms.values()):
        return []
    with engine.begin() as connection:
        found = [row for id in sorted(rooms) if rooms[id] for row in connection.execute(_due(id, now_ms, rooms[id]))]
        keys = [(row.webhook_id, row.event_id) for row in found]
        leased = update(webhook_deliveries).where(tuple_(D.webhook_id, D.event_id).in_(keys))
        connection.execute(leased.values(leased_until=now_ms + lease_ms))
        secrets = webhooks.secrets(connection, {row.webhook_id for row in found}, now_ms)
    return [Claimed(row.webhook_id, row.url, row.tries, events.told(row), secrets[row.webhook_id]) for row in found]


def settle(engine: Engine, results: Sequence[Result], now_ms: int) -> list[str]:
    """Write down what came of these tries; the endpoints that have failed for too long."""
    ended: dict[str, set[bool]] = defaultdict(set)
    for result in results:
        ended[result.claimed.webhook_id].add(result.delivered)
    with engine.begin() as connection:
        # Endpoints before deliveries, as whoever disables one does: else they could wait for each other.
        for id in sorted(ended):
            connection.execute(_health(id, now_ms, works=True in ended[id]))
        settled = sorted((_settled(result, now_ms) for result in results), key=lambda row: (row["w"], row["e"]))
        connection.execute(_SETTLE, settled)
        failed = [id for id, told in ended.items() if told == {False}]
        long = W.failing_since <= now_ms - DISABLED_AFTER_S * 1000
        return list(connection.scalars(select(W.id).where(W.id.in_(failed), W.enabled, long)))


def recent(connection: Connection, id: str, limit: int = 20) -> list[Delivery]:
    """The last deliveries of an endpoint, newest event first."""
    names = ("event_id", "status", "tries", "due_at", "answer", "changed_at")
    found = (
        select(E.type, *(D[name] for name in names))
        .outerjoin(events_table, E.id == D.event_id)
        .where(D.webhook_id == id)
        .order_by(D.seq.desc())
        .limit(limit)
    )
    return [Delivery(**row) for row in connection.execute(found).mappings()]


def _given(connection: Connection) -> int:
    return int(connection.scalars(select(meta.c.value).where(meta.c.name == FANOUT)).one())


def _set_given(value: Any) -> Update:
    return update(meta).where(meta.c.name == FANOUT).values(value=value)


def _following(seq: int) -> Select[Any]:
    columns = (E.seq, E.id, E.application_id, E.type, E.subject)
    return select(*columns).where(E.seq > seq).order_by(E.seq).limit(BATCH)


def _wanted(endpoints: Collection[Webhook], batch: Sequence[Row[Any]], now_ms: int) -> list[dict[str, Any]]:
    return [
        new_delivery(endpoint, event, now_ms)
        for event in batch
        for endpoint in endpoints
        if event.type != TEST and concerns(endpoint, event.application_id) and matches(endpoint.types, event.type)
    ]


def concerns(endpoint: Webhook, application_id: str) -> bool:
    """Whether an endpoint is told of this application; one of none hears of all, and of the operator's own."""
    return endpoint.application_id in (None, application_id or OPERATOR)


def new_delivery(endpoint: Webhook, event: Any, now_ms: int) -> dict[str, Any]:
    """The row of a delivery that is due at once; `event` has id, seq and subject."""
    return {
        "webhook_id": endpoint.id,
        "event_id": event.id,
        "seq": event.seq,
        "subject": event.subject,
        "status": "pending",
        "tries": 0,
        "due_at": now_ms,
        "leased_until": 0,
        "changed_at": now_ms,
    }


def _waiting(now_ms: int) -> Select[str]:
    due = (D.status == "pending", D.due_at <= now_ms, D.leased_until <= now_ms)
    return select(D.webhook_id).join(webhooks_table, W.id == D.webhook_id).where(*due, W.enabled).distinct()


def _due(id: str, now_ms: int, limit: int) -> Select[Any]:
    other = webhook_deliveries.alias("other")
    before = (other.c.webhook_id == D.webhook_id, other.c.subject == D.subject, other.c.seq < D.seq)
    return (
        select(D.webhook_id, D.event_id, D.tries, W.url, *(E[name] for name in Told.__slots__))
        .select_from(webhook_deliveries)
        .join(events_table, E.id == D.event_id)
        .join(webhooks_table, W.id == D.webhook_id)
        .where(D.webhook_id == id, D.status == "pending", D.due_at <= now_ms, D.leased_until <= now_ms)
        .where(~exists().where(*before, other.c.status == "pending"))
        .order_by(D.seq)
        .limit(limit)
        .with_for_update(skip_locked=True, of=webhook_deliveries)
    )


_SETTLE = (
    update(webhook_deliveries)
    .where(D.webhook_id == bindparam("w"), D.event_id == bindparam("e"))
    .where(D.tries == bindparam("tried"), D.status == "pending")
    .values(
        status=bindparam("to"),
        tries=bindparam("tried") + 1,
        due_at=bindparam("due"),
        leased_until=0,
        answer=bindparam("said"),
        changed_at=bindparam("now"),
    )
)


def _settled(result: Result, now_ms: int) -> dict[str, Any]:
    failed = "failed" if result.due_at is None else "pending"
    return {
        "w": result.claimed.webhook_id,
        "e": result.claimed.event.id,
        "tried": result.claimed.tries,
        "to": "delivered" if result.delivered else failed,
        "due": result.due_at or now_ms,
        "said": result.answer,
        "now": now_ms,
    }


def _health(id: str, now_ms: int, *, works: bool) -> Update:
    changed = update(webhooks_table).where(W.id == id)
    if works:
        return changed.where(W.failing_since.is_not(None)).values(failing_since=None)
    return changed.where(W.failing_since.is_(None)).values(failing_since=now_ms)
