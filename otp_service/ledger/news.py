"""News: which events the facts that were just written come to.

An event is made from the rows as they now are, for only they know whose they are: facts come out of order, and only the
first of a verification or message tells its application. So news that came before that fact is told with it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, func, select, update

from otp_service.domain.events import OF_MESSAGES, OF_VERIFICATIONS, Event
from otp_service.domain.facts import Fact
from otp_service.domain.messages import RANKS
from otp_service.domain.times import rfc3339
from otp_service.ledger.events import record
from otp_service.ledger.schema import messages, people, verifications

BATCH = 500
Rows = Mapping[str, Any]  # by id

# Why a verification ended.
_REASONS = {"failed": "max_attempts", "expired": "expired", "canceled": "canceled"}


def tell(connection: Connection, facts: Sequence[Fact], locked: Collection[str]) -> None:
    """Record the events of these facts, which this transaction has written; `locked` are the locks that are new."""
    locks = (fact for fact in facts if fact.id in locked)
    half_way = (fact for fact in facts if fact.type == "failures")
    locking = (*map(_lock, locks), *map(_lock, half_way))
    alarms = (_alarm(fact) for fact in facts if fact.type == "alarm")
    record(connection, [*_of_verifications(connection, facts), *_of_messages(connection, facts), *locking, *alarms])


def tell_expired(engine: Engine, now_ms: int) -> int:
    """Mark one batch of pending verifications whose time is over, and tell of each; how many they were.

    Nothing is written when a code expires, so somebody has to look. A fact that comes later still moves the row.
    """
    over = verifications.c.expires_at <= now_ms
    due = select(verifications.c.id).where(verifications.c.status == "pending", over)
    with engine.begin() as connection:
        ids = connection.scalars(due.order_by("expires_at").limit(BATCH).with_for_update(skip_locked=True)).all()
        if ids:
            connection.execute(update(verifications).where(verifications.c.id.in_(ids)).values(status="expired"))
            found = _verifications(connection, ids).values()
            record(connection, [_verification(row, "expired", row.expires_at) for row in found])
    return len(ids)


def _of_verifications(connection: Connection, facts: Iterable[Fact]) -> Iterator[Event]:
    news = [fact for fact in facts if fact.type == "verification" and fact.data["event"] in OF_VERIFICATIONS]
    found = _verifications(connection, {fact.data["id"] for fact in news})
    for fact in news:
        row = found.get(fact.data["id"])
        if row is None:
            continue
        yield _verification(row, fact.data["event"], fact.at_ms)
        if fact.data["event"] == "started" and row.status in OF_VERIFICATIONS:
            yield _verification(row, row.status, row.ended_at or fact.at_ms)


def _of_messages(connection: Connection, facts: Iterable[Fact]) -> Iterator[Event]:
    moves = [fact for fact in facts if fact.type == "message" and _is_told(fact)]
    ranks = defaultdict(set)
    for fact in moves:
        ranks[fact.data["id"]].add(fact.data["n"])
    found = _messages(connection, ranks)
    for fact in moves:
        row = found.get(fact.data["id"])
        if row is not None:
            yield from _message_news(row, fact, ranks[row.id])


def _is_told(fact: Fact) -> bool:
    return fact.data["status"] in OF_MESSAGES or fact.data.get("application") is not None


def _message_news(row: Any, fact: Fact, ranks: Collection[int]) -> Iterator[Event]:
    """The events of one fact; `ranks` are those of all facts of this message that came with it."""
    data = fact.data
    # What is older than the row knew before is no news.
    if data["status"] in OF_MESSAGES and row.n in ranks:
        yield _message(row, data["status"], fact.at_ms, data.get("reason"))
    if data.get("application") is not None and row.accepted_at is not None and RANKS["accepted"] not in ranks:
        yield _message(row, "accepted", row.accepted_at, None)
    if data.get("application") is not None and row.status in OF_MESSAGES and row.n not in ranks:
        yield _message(row, row.status, row.ended_at or row.accepted_at or fact.at_ms, row.reason)


def _verifications(connection: Connection, ids: Collection[str]) -> Rows:
    """Those of these verifications whose application is known."""
    if not ids:
        return {}
    names = ("id", "application_id", "status", "reason", "purpose", "channel", "metadata", "test")
    found = (
        select(*(verifications.c[name] for name in (*names, "expires_at", "ended_at")), people.c.country)
        .outerjoin(people, people.c.person_id == verifications.c.person_id)
        .where(verifications.c.id.in_(ids), verifications.c.application_id.is_not(None))
    )
    return {row.id: row for row in connection.execute(found)}


def _messages(connection: Connection, ids: Collection[str]) -> Rows:
    """Those of these messages whose application is known."""
    if not ids:
        return {}
    names = ("id", "n", "verification_id", "application_id", "status", "reason", "provider", "reference", "channel")
    found = (
        select(
            *(messages.c[name] for name in (*names, "segments", "metadata", "accepted_at", "ended_at")),
            messages.c["class"].label("message_class"),
            func.coalesce(messages.c.country, people.c.country).label("country"),
            func.coalesce(messages.c.test, verifications.c.test).label("test"),
            verifications.c.purpose,
        )
        .outerjoin(people, people.c.person_id == messages.c.person_id)
        .outerjoin(verifications, verifications.c.id == messages.c.verification_id)
        .where(messages.c.id.in_(ids), messages.c.application_id.is_not(None))
    )
    return {row.id: row for row in connection.execute(found)}


def _lock(fact: Fact) -> Event:
    data, person = fact.data, fact.data.get("person") or {}
    told = {"failures": data["failures"], "country": person.get("country"), "disabled": fact.type == "lock"}
    return Event("destination.locked", fact.id, data["application"], fact.at_ms, told)


def _alarm(fact: Fact) -> Event:
    data = fact.data
    if data["kind"] == "quarantine":
        told = {"kind": data["kind"], "country": data["country"], "prefix": data["prefix"]}
        until = rfc3339(fact.at_ms + data["for_ms"])
        return Event("fraud.alarm", fact.id, data["application"], fact.at_ms, {**told, "until": until})
    told = {"share": int(data["kind"].removeprefix("spend_")), "country": data["country"]}
    told |= {"ceiling_micros": data["amount_micros"]}
    return Event("spend.alarm", fact.id, data["application"], fact.at_ms, told)


def _verification(row: Any, event: str, at_ms: int) -> Event:
    data = {
        "id": row.id,
        "status": "pending" if event == "started" else event,
        "reason": _REASONS.get(event),
        "purpose": row.purpose,
        "channel": row.channel,
        "country": row.country,
        "metadata": row.metadata or {},
        "test": bool(row.test),
    }
    return Event(OF_VERIFICATIONS[event], row.id, row.application_id, at_ms, data)


def _message(row: Any, status: str, at_ms: int, reason: str | None) -> Event:
    data = {
        "id": row.id,
        "verification": row.verification_id,
        "status": status,
        "reason": reason,
        "provider": row.provider,
        "purpose": row.purpose,
        "class": row.message_class or "code",
        "reference": row.reference,
        "channel": row.channel,
        "country": row.country,
        "segments": row.segments,
        "metadata": row.metadata or {},
        "test": bool(row.test),
    }
    return Event(OF_MESSAGES[status], row.id, row.application_id, at_ms, data)
