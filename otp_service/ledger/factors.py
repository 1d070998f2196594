"""Factors as the ledger keeps them; a count that was accepted is never accepted again, by one conditional update."""

from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, case, delete, insert, or_, select, update

from otp_service.ledger.schema import factors, recovery_codes


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of a user; `counter` is the newest step that was accepted, of HOTP the next counter."""

    id: str
    user_index: str
    application_id: str
    type: str
    status: str  # unconfirmed | active
    algorithm: str | None
    digits: int | None
    period_s: int | None
    sealed: str = field(repr=False)
    counter: int
    drift: int
    created_at: int
    expires_at: int | None = None
    confirmed_at: int | None = None
    used_at: int | None = None


def add(connection: Connection, factor: Factor) -> None:
    """A new factor of a user who is there."""
    connection.execute(insert(factors).values(asdict(factor)))


def read(connection: Connection, id: str, now_ms: int) -> Factor | None:
    """The factor of this id, unless it was never confirmed and its time is over."""
    row = connection.execute(select(factors).where(factors.c.id == id, _alive(now_ms))).one_or_none()
    return None if row is None else _factor(row)


def of_user(connection: Connection, user_index: str, now_ms: int) -> list[Factor]:
    """The factors of a user, oldest first, but for those that were never confirmed in time."""
    theirs = select(factors).where(factors.c.user_index == user_index, _alive(now_ms))
    return [_factor(row) for row in connection.execute(theirs.order_by(factors.c.created_at, factors.c.id))]


def accept_step(connection: Connection, id: str, step: int, drift: int, now_ms: int) -> bool:
    """Uses up a step of time; False if this one or a later one was accepted before."""
    later = update(factors).where(factors.c.id == id, factors.c.counter < step)
    return _happens(connection, later.values(counter=step, drift=drift, **_used(now_ms)))


def accept_counter(connection: Connection, id: str, counter: int, now_ms: int) -> bool:
    """Uses up a counter and all before it; False if it was used up before."""
    unused = update(factors).where(factors.c.id == id, factors.c.counter <= counter)
    return _happens(connection, unused.values(counter=counter + 1, **_used(now_ms)))


def touch(connection: Connection, id: str, now_ms: int) -> None:
    """Notes that a factor was used."""
    connection.execute(update(factors).where(factors.c.id == id).values(used_at=now_ms))


def remove(connection: Connection, *ids: str) -> None:
    """Forgets factors, with what proves them."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.factor_id.in_(ids)))
    connection.execute(delete(factors).where(factors.c.id.in_(ids)))


def _used(now_ms: int) -> dict[str, Any]:
    # A first right code is what confirms.
    confirmed = case((factors.c.status == "unconfirmed", now_ms), else_=factors.c.confirmed_at)
    return {"used_at": now_ms, "status": "active", "expires_at": None, "confirmed_at": confirmed}


def _alive(now_ms: int) -> Any:
    return or_(factors.c.expires_at.is_(None), factors.c.expires_at > now_ms)


def _happens(connection: Connection, statement: Any) -> bool:
    return bool(connection.execute(statement).rowcount == 1)


def _factor(row: Row[Any]) -> Factor:
    return Factor(**row._mapping)
