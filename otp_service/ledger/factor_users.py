"""Users with factors: what is counted against them, over all their factors, and what holds them up."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, select, update

from otp_service.ledger.schema import factor_users
from otp_service.ledger.writing import insert_into


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
    # Written also where it exists: retention, which may just forget a user without factors, is waited for.
    row = insert_into(connection, factor_users).values(fresh)
    touched = {"user_index": row.excluded.user_index}
    connection.execute(row.on_conflict_do_update(index_elements=["user_index"], set_=touched))
    return _user(connection.execute(_of(user_index)).one())


def read(connection: Connection, user_index: str) -> FactorUser | None:
    """The user of this index."""
    row = connection.execute(_of(user_index)).one_or_none()
    return None if row is None else _user(row)


def held(connection: Connection, user_index: str) -> FactorUser | None:
    """The user of this index; nobody else changes them until the transaction ends."""
    row = connection.execute(_of(user_index).with_for_update()).one_or_none()
    return None if row is None else _user(row)


def pay(connection: Connection, user_index: str, now_ms: int) -> int | None:
    """Counts a try as a failure before it is looked at, and holds the user's row until the transaction ends.

    Answers the failures in a row with this one; None if the user has to wait, is disabled, or is not there.
    """
    may = (factor_users.c.locked_until <= now_ms, factor_users.c.disabled_at.is_(None))
    paid = update(factor_users).where(factor_users.c.user_index == user_index, *may)
    counted = paid.values(failures=factor_users.c.failures + 1).returning(factor_users.c.failures)
    failures: int | None = connection.scalar(counted)
    return failures


def refund(connection: Connection, user_index: str) -> None:
    """Takes back what pay() counted in this transaction."""
    _write(connection, user_index, failures=factor_users.c.failures - 1)


def forgive(connection: Connection, user_index: str) -> None:
    """Forgets the wrong codes, and what held the user up."""
    _write(connection, user_index, failures=0, locked_until=0, disabled_at=None)


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
