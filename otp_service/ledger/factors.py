"""Factors as the ledger keeps them; a count that was accepted is never accepted again, by one conditional update."""

from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Update,
    bindparam,
    case,
    delete,
    insert,
    or_,
    select,
    update,
)

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
    return [_factor(row) for row in connection.execute(_OF_USER, {"of": user_index, "now": now_ms})]


def accept_step(connection: Connection, id: str, step: int, drift: int, now_ms: int) -> bool:
    """Uses up a step of time; False if this one or a later one was accepted before."""
    return _happens(connection, _ACCEPT_STEP, {"this": id, "to": step, "off": drift, "now": now_ms})


def accept_counter(connection: Connection, id: str, counter: int, now_ms: int) -> bool:
    """Uses up a counter and all before it; False if it was used up before."""
    return _happens(connection, _ACCEPT_COUNTER, {"this": id, "to": counter + 1, "now": now_ms})


def touch(connection: Connection, id: str, now_ms: int) -> None:
    """Notes that a factor was used."""
    connection.execute(update(factors).where(factors.c.id == id).values(used_at=now_ms))


def remove(connection: Connection, *ids: str) -> None:
    """Forgets factors, with what proves them."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.factor_id.in_(ids)))
    connection.execute(delete(factors).where(factors.c.id.in_(ids)))


def _alive(now_ms: Any) -> ColumnElement[bool]:
    return or_(factors.c.expires_at.is_(None), factors.c.expires_at > now_ms)


def _happens(connection: Connection, statement: Update, told: dict[str, str | int]) -> bool:
    return connection.execute(statement, told).rowcount == 1


def _factor(row: Row[Any]) -> Factor:
    return Factor(**row._mapping)


# Each check asks these, so they are made once. A count goes up and never down; a first right code is what confirms.
_NOW = bindparam("now", type_=BigInteger)
_OF_USER = (
    select(factors)
    .where(factors.c.user_index == bindparam("of"), _alive(_NOW))
    .order_by(factors.c.created_at, factors.c.id)
)
_ACCEPT = (
    update(factors)
    .where(factors.c.id == bindparam("this"), factors.c.counter < bindparam("to"))
    .values(
        counter=bindparam("to"),
        used_at=_NOW,
        status="active",
        expires_at=None,
        confirmed_at=case((factors.c.status == "unconfirmed", _NOW), else_=factors.c.confirmed_at),
    )
)
_ACCEPT_COUNTER, _ACCEPT_STEP = _ACCEPT, _ACCEPT.values(drift=bindparam("off"))
