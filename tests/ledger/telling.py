"""What the ledger's specs tell it: facts in short words, a change by a known actor, rows read back."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

from sqlalchemy import Engine, Table, select

from otp_service.domain.facts import Fact
from otp_service.domain.messages import RANKS
from otp_service.ledger.changes import AuditKey, Change, change
from otp_service.ledger.engine import reading

NOW = 1_800_000_000_000  # some day in 2027
SECOND, HOUR, DAY = 1000, 3_600_000, 86_400_000
AUDIT_KEY = AuditKey("k1", b"a" * 32)

Row = dict[str, Any]


@contextmanager
def changing(engine: Engine, actor: str = "cli", at_ms: int = NOW) -> Iterator[Change]:
    """An open change by an actor whose audit key is known."""
    with change(engine, AUDIT_KEY, actor, at_ms) as opened:
        yield opened


def person(name: str) -> Row:
    """A person as facts name them."""
    return {"number_index": f"index-{name}", "to_sealed": f"k1.sealed-{name}", "country": "CH", "block": "41791"}


def started(id: str, application: str, who: str = "ana", at_ms: int = NOW, **more: Any) -> Fact:
    """A verification began."""
    data = {
        "id": id,
        "n": 1,
        "event": "started",
        "status": "pending",
        "reason": None,
        "sends": 1,
        "used": 0,
        "application": application,
        "test": False,
        "purpose": "login",
        "channel": "sms",
        "locale": "de-CH",
        "person": person(who),
        "created_ms": at_ms,
        "expires_ms": at_ms + 600 * SECOND,
        "metadata": {"order": "42"},
        "max_attempts": 5,
        "message": f"msg_{id}",
    }
    return Fact(f"{id}:1", "verification", at_ms, data | more)


def turned(id: str, n: int, event: str, at_ms: int = NOW + SECOND, **more: Any) -> Fact:
    """A verification went on: guessed, approved, failed or canceled."""
    status = {"guessed": "pending", "resent": "pending"}.get(event, event)
    data = {"id": id, "n": n, "event": event, "status": status, "reason": None, "sends": 1, "used": n - 1}
    return Fact(f"{id}:{n}", "verification", at_ms, data | more)


def queued(id: str, verification: str, application: str, who: str = "ana", at_ms: int = NOW) -> Fact:
    """A message waits to be sent."""
    more = {"application": application, "person": person(who), "channel": "sms", "encoding": "gsm7", "segments": 1}
    more |= {"price_micros": 70_000, "template": "default:0", "locale": "de"}
    return moved(id, "queued", verification, at_ms, **more)


def moved(id: str, status: str, verification: str = "", at_ms: int = NOW + SECOND, **more: Any) -> Fact:
    """A message moved on."""
    data = {"id": id, "n": RANKS[status], "verification": verification, "status": status, "reason": None}
    data |= {"provider": None, "provider_message_id": None}
    return Fact(f"{id}:{RANKS[status]}", "message", at_ms, data | more)


def tried(message: str, n: int, provider: str, verdict: str, at_ms: int = NOW + SECOND) -> Fact:
    """A provider was tried."""
    data = {"message": message, "n": n, "provider": provider, "verdict": verdict, "reason": None}
    return Fact(
        f"{message}:try{n}", "attempt", at_ms, data | {"provider_message_id": "SM1", "raw": None, "took_ms": 80}
    )


def locked(fact_id: str, application: str, subject: str, who: str = "ana", at_ms: int = NOW) -> Fact:
    """A subject was locked for good."""
    data = {"application": application, "subject": subject, "person": person(who), "failures": 100}
    return Fact(fact_id, "lock", at_ms, data)


def story(number: int, application: str, at_ms: int = NOW) -> list[Fact]:
    """All facts of one verification that was sent, delivered and approved."""
    id, message, who = f"ver_{number}", f"msg_{number}", f"person-{number}"
    return [
        started(id, application, who, at_ms, message=message),
        queued(message, id, application, who, at_ms),
        tried(message, 1, "simulator", "accepted", at_ms + 100),
        moved(message, "accepted", id, at_ms + 100, provider="simulator", provider_message_id=f"SM{number}"),
        moved(message, "delivered", id, at_ms + 3000),
        turned(id, 2, "guessed", at_ms + 5000),
        turned(id, 3, "approved", at_ms + 9000),
    ]


def rows(engine: Engine, table: Table) -> list[Row]:
    """A table's rows in the order of its primary key."""
    with reading(engine) as connection:
        found = select(table).order_by(*table.primary_key)
        return [dict(row) for row in connection.execute(found).mappings()]


def row(engine: Engine, table: Table, id: str) -> Row:
    """The row with this primary key."""
    (key,) = table.primary_key
    return next(found for found in rows(engine, table) if found[key.name] == id)


def contents(engine: Engine, *tables: Table) -> Mapping[str, list[Row]]:
    """What some tables hold."""
    return {table.name: rows(engine, table) for table in tables}


def numbered(prefix: str) -> Iterator[str]:
    """Ids that follow each other."""
    return (f"{prefix}_{number}" for number in count(1))
