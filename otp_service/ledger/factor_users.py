"""Users with factors: what is counted against them, over all their factors, and what holds them up."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from otp_service.ledger.schema import factor_users
from otp_service.ledger.writing import Insert, insert_into

# Each check asks these: made once, they cost a check a fifth of what it would to make them.
_ONE = update(factor_users).where(factor_users.c.user_index == bindparam("of"))
_PAY = (
    _ONE.where(factor_users.c.locked_until <= bindparam("now"), factor_users.c.disabled_at.is_(None))
    .values(failures=factor_users.c.failures + 1)
    .returning(factor_users)
)
_FORGIVE = _ONE.values(failures=0, locked_until=0, disabled_at=None)


@dataclass(frozen=True, slots=True)
class FactorUser:
    """A user of one application, by a keyed index of their name; `failures` counts wrong codes in a row."""

    user_index: str
    application_id: str
    test: bool
    user_sealed: str = field(repr=False)
    failures: int
    locked_until: int
    disabled_at: int | None
    created_at: int


def introduce(
    connection: Connection, user_index: str, application_id: str, test: bool, user_sealed: str, now_ms: int
) -> FactorUser:
    """The user of this index, new if they have no factor yet; nobody else changes them until the transaction ends."""
    told = {"application_id": application_id, "test": test, "user_sealed": user_sealed, "created_at": now_ms}
    fresh = {"user_index": user_index, "failures": 0, "locked_until": 0, **told}
    connection.execute(introducing(connection), fresh)
    return _user(connection.execute(_of(user_index)).one())


def introducing(connection: Connection) -> Insert:
    """An insertion that holds a user who is there already, as one who is new is held, until the transaction ends.

    They are written to for that: retention, which may just forget a user without factors, is waited for.
    """
    row = insert_into(connection, factor_users)
    return row.on_conflict_do_update(index_elements=["user_index"], set_={"user_index": row.excluded.user_index})


def read(connection: Connection, user_index: str) -> FactorUser | None:
    """The user of this index."""
    row = connection.execute(_of(user_index)).one_or_none()
    return None if row is None else _user(row)


def held(connection: Connection, user_index: str) -> FactorUser | None:
    """The user of this index; nobody else changes them until the transaction ends."""
    row = connection.execute(_of(user_index).with_for_update()).one_or_none()
    return None if row is None else _user(row)


def pay(connection: Connection, user_index: str, now_ms: int) -> FactorUser | None:
    """Counts a try as a failure before it is looked at, and holds the user's row until the transaction ends.

    Answers the user with that failure counted; None if they have to wait, are disabled, or are not there.
    """
    row = connection.execute(_PAY, {"of": user_index, "now": now_ms}).one_or_none()
    return None if row is None else _user(row)


def refund(connection: Connection, user_index: str) -> None:
    """Takes back what pay() counted in this transaction."""
    _write(connection, user_index, failures=factor_users.c.failures - 1)


def forgive(connection: Connection, user_index: str) -> None:
    """Forgets the wrong codes, and what held the user up."""
    connection.execute(_FORGIVE, {"of": user_index})


def hold(connection: Connection, user_index: str, until_ms: int) -> None:
    """Lets the next try wait."""
    _write(connection, user_index, locked_until=until_ms)


def disable(connection: Connection, user_index: str, now_ms: int) -> None:
    """Ends all tries until an admin lifts it."""
    _write(connection, user_index, disabled_at=now_ms)


def _write(connection: Connection, user_index: str, **values: Any) -> None:
    connection.execute(update(factor_users).where(factor_users.c.user_index == user_index).values(values))


def _of(user_index: str) -> Any:
    return select(factor_users).where(factor_users.c.user_index == user_index)


def _user(row: Row[Any]) -> FactorUser:
    return FactorUser(**row._mapping)
