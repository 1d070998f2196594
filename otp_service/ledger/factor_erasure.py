"""Forgetting a user with factors: everything that is kept of them, and what callers were told of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, Table, Update, delete, select, update

from otp_service.ledger.schema import (
    events,
    factor_history,
    factor_users,
    factors,
    recovery_codes,
    trusted_devices,
    verifications,
    webhook_deliveries,
)

START = 12  # of an index, which verifications keep: what limits count by is as short (service/limits.py)


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was forgotten."""

    factors: int
    devices: int
    history: int
    events: int


def erase(connection: Connection, user_index: str) -> Erased:
    """Forgets a user; whoever enrols under the same name is new."""
    theirs = set(connection.scalars(select(factors.c.id).where(factors.c.user_index == user_index)))
    devices = connection.scalars(select(trusted_devices.c.id).where(trusted_devices.c.user_index == user_index)).all()
    past = select(factor_history.c.factor_id).where(factor_history.c.user_index == user_index)
    gone = {id for id in connection.scalars(past.distinct()) if id is not None}  # factors that were removed before
    told = _forget_events(connection, {user_index, *theirs, *devices, *gone})
    connection.execute(delete(recovery_codes).where(recovery_codes.c.factor_id.in_(theirs)))
    counts = [_deleted(connection, each, user_index) for each in (factors, trusted_devices, factor_history)]
    erased = Erased(counts[0], counts[1], counts[2], told)
    _deleted(connection, factor_users, user_index)
    connection.execute(_asked_for(user_index).values(user_index=None))
    return erased


def _asked_for(user_index: str) -> Update:
    """The verifications that were started for this user: they keep the beginning of the same index."""
    return update(verifications).where(verifications.c.user_index == user_index[:START])


def _forget_events(connection: Connection, about: Iterable[str]) -> int:
    # They tell the user by the name that the application gave.
    ids = connection.scalars(select(events.c.id).where(events.c.subject.in_(list(about)))).all()
    connection.execute(delete(webhook_deliveries).where(webhook_deliveries.c.event_id.in_(ids)))
    connection.execute(delete(events).where(events.c.id.in_(ids)))
    return len(ids)


def _deleted(connection: Connection, table: Table, user_index: str) -> int:
    return connection.execute(delete(table).where(table.c.user_index == user_index)).rowcount
