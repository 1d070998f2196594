"""Retention of factors: what nobody confirmed, what ended, and users of whom nothing is left.

The history of factors follows its application's policy. A user who is locked, disabled or has wrong codes counted
against them stays: forgetting them would forgive them.
"""

from collections.abc import Sequence

from sqlalchemy import Column, ColumnElement, Connection, Engine, Table, delete, exists, or_, select

from otp_service.ledger.engine import reading
from otp_service.ledger.schema import (
    factor_history,
    factor_users,
    factors,
    recovery_codes,
    spent_proofs,
    trusted_devices,
)

BATCH = 500


def forget(engine: Engine, now_ms: int) -> None:
    """Forgets what no policy keeps, in short transactions, in the order in which it hangs together."""
    over = trusted_devices.c.expires_at <= now_ms
    # Only what waits for its confirmation expires.
    _in_batches(engine, factors.c.id, factors.c.expires_at <= now_ms, (recovery_codes.c.factor_id,))
    _in_batches(engine, trusted_devices.c.id, or_(over, trusted_devices.c.revoked_at.is_not(None)))
    _in_batches(engine, spent_proofs.c.id, spent_proofs.c.expires_at <= now_ms)
    _in_batches(engine, factor_users.c.user_index, _is_bare(now_ms))


def forget_history(engine: Engine, application_id: str | None, cutoff_ms: int) -> None:
    """Forgets what happened to an application's factors until then."""
    theirs = factor_history.c.application_id == application_id
    _in_batches(engine, factor_history.c.id, theirs & (factor_history.c.at <= cutoff_ms))


def _in_batches(engine: Engine, key: Column[str], over: ColumnElement[bool], parts: Sequence[Column[str]] = ()) -> None:
    while _is_due(engine, key, over):  # so that nobody waits for a writer who has nothing to do
        with engine.begin() as connection:
            if _batch(connection, key, over, parts) < BATCH:
                return


def _is_due(engine: Engine, key: Column[str], over: ColumnElement[bool]) -> bool:
    with reading(engine) as connection:
        return connection.scalar(select(key).where(over).limit(1)) is not None


def _batch(connection: Connection, key: Column[str], over: ColumnElement[bool], parts: Sequence[Column[str]]) -> int:
    # What somebody is writing is left for the next run.
    found = select(key).where(over).limit(BATCH).with_for_update(skip_locked=True)
    ids = connection.scalars(found).all()
    for part in parts:
        connection.execute(delete(part.table).where(part.in_(ids)))
    # Asked again: what is held now may have become somebody's just before.
    connection.execute(delete(key.table).where(key.in_(ids), over))
    return len(ids)


def _is_bare(now_ms: int) -> ColumnElement[bool]:
    """Whether nothing leads to a user, and nothing is held against them."""
    user = factor_users.c
    free = (user.failures == 0) & (user.locked_until <= now_ms) & user.disabled_at.is_(None)
    return free & ~or_(*(_leads_here(table) for table in (factors, trusted_devices)))


def _leads_here(table: Table) -> ColumnElement[bool]:
    return exists().where(table.c.user_index == factor_users.c.user_index)
