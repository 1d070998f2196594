"""Factors by the hundred: what files bring in and take out."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, insert, select, update

from otp_service.ledger.factor_users import FactorUser, introducing
from otp_service.ledger.factors import Factor
from otp_service.ledger.ids import new_id
from otp_service.ledger.schema import factor_history, factor_users, factors

CHUNK = 500
TRAVELLING = ("totp", "hotp")  # recovery codes are hashed under this installation's key


def introduce(connection: Connection, users: Collection[FactorUser]) -> None:
    """The users who are not known yet become so; nobody else changes any of them until the transaction ends."""
    if not users:
        return
    # In one order, so that two files never wait for each other.
    rows = [_values(user) for user in sorted(users, key=lambda user: user.user_index)]
    connection.execute(introducing(connection), rows)


def of_users(connection: Connection, indexes: Collection[str], now_ms: int) -> dict[str, list[Factor]]:
    """The factors of these users, but for those that were never confirmed in time."""
    alive = factors.c.expires_at.is_(None) | (factors.c.expires_at > now_ms)
    found: dict[str, list[Factor]] = {}
    for row in connection.execute(select(factors).where(factors.c.user_index.in_(indexes), alive)):
        found.setdefault(row.user_index, []).append(Factor(**row._mapping))
    return found


def add(connection: Connection, some: Sequence[Factor], event: str, now_ms: int) -> None:
    """New factors of users who are there, each with a line of its history."""
    if not some:
        return
    connection.execute(insert(factors), [_values(factor) for factor in some])
    connection.execute(insert(factor_history), [_line(factor, event, now_ms) for factor in some])


def move_on(connection: Connection, counts: Mapping[str, int]) -> None:
    """Has these factors begin at these counts, unless they are there or further on already."""
    if not counts:
        return
    behind = update(factors).where(factors.c.id == bindparam("of"), factors.c.counter < bindparam("to"))
    rows = [{"of": id, "to": counts[id]} for id in sorted(counts)]  # in one order, as above
    connection.execute(behind.values(counter=bindparam("to")), rows)


def count(connection: Connection, application_id: str) -> int:
    """How many factors every() gives."""
    return connection.scalar(_every(select(func.count()), application_id)) or 0


def every(connection: Connection, application_id: str) -> Iterator[tuple[FactorUser, Factor]]:
    """The active factors of an application that can travel, as they come; what test keys made is not among them."""
    both = _every(select(factor_users, factors), application_id).execution_options(yield_per=CHUNK)
    width = len(factor_users.c)
    for row in connection.execute(both):
        yield FactorUser(*row[:width]), Factor(*row[width:])


def _every(found: Select[Any], application_id: str) -> Select[Any]:
    joined = found.select_from(factors).join(factor_users, factors.c.user_index == factor_users.c.user_index)
    of_it = (factors.c.application_id == application_id, factor_users.c.test.is_(False))
    return joined.where(*of_it, factors.c.status == "active", factors.c.type.in_(TRAVELLING))


def _values(row: FactorUser | Factor) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}  # asdict() copies deeply: a quarter of an import's time


def _line(factor: Factor, event: str, now_ms: int) -> dict[str, Any]:
    whose = {"application_id": factor.application_id, "user_index": factor.user_index, "factor_id": factor.id}
    return {"id": new_id("fah"), "event": event, "at": now_ms, "data": {"type": factor.type}, **whose}
