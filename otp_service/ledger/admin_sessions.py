"""Who is signed in to the console: sessions by the hash of their token."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, insert, or_, select, update

from otp_service.ledger.schema import admin_sessions, admins

IDLE_MS = 30 * 60 * 1000
ABSOLUTE_MS = 12 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in of one admin, with the name and role that the account has now."""

    token_hash: str = field(repr=False)
    admin_id: str
    created_at: int
    seen_at: int
    ends_at: int
    proved_at: int
    address: str | None
    agent: str | None
    name: str
    role: str


def open(
    connection: Connection, token_hash: str, admin_id: str, now_ms: int, *, address: str, agent: str, proved_ms: int
) -> None:
    """Begins a session, and drops what has ended."""
    connection.execute(delete(admin_sessions).where(_ended(now_ms)))
    row = {"token_hash": token_hash, "admin_id": admin_id, "created_at": now_ms, "seen_at": now_ms}
    row |= {"ends_at": now_ms + ABSOLUTE_MS, "proved_at": proved_ms, "address": address, "agent": agent}
    connection.execute(insert(admin_sessions).values(row))


def live(connection: Connection, token_hash: str, now_ms: int) -> Session | None:
    """The session of this token, unless it has ended or its account is disabled."""
    row = connection.execute(_live(now_ms).where(admin_sessions.c.token_hash == token_hash)).mappings().one_or_none()
    return None if row is None else Session(**row)


def of_admin(connection: Connection, admin_id: str, now_ms: int) -> list[Session]:
    """An admin's live sessions, the latest used first."""
    found = _live(now_ms).where(admin_sessions.c.admin_id == admin_id).order_by(admin_sessions.c.seen_at.desc())
    return [Session(**row) for row in connection.execute(found).mappings()]


def seen(connection: Connection, token_hash: str, now_ms: int) -> None:
    """Notes that a session is in use."""
    this = admin_sessions.c.token_hash == token_hash
    connection.execute(update(admin_sessions).where(this).values(seen_at=now_ms))


def renew(connection: Connection, token_hash: str, new_hash: str, proved_ms: int) -> None:
    """Gives a session another token, once its admin has proven again who they are."""
    this = admin_sessions.c.token_hash == token_hash
    connection.execute(update(admin_sessions).where(this).values(token_hash=new_hash, proved_at=proved_ms))


def close(connection: Connection, token_hash: str) -> None:
    """Ends one session."""
    connection.execute(delete(admin_sessions).where(admin_sessions.c.token_hash == token_hash))


def close_all(connection: Connection, admin_id: str, but: str = "") -> None:
    """Ends every session of an admin, maybe but one."""
    theirs = (admin_sessions.c.admin_id == admin_id, admin_sessions.c.token_hash != but)
    connection.execute(delete(admin_sessions).where(*theirs))


def _live(now_ms: int) -> Select[Any]:
    return (
        select(admin_sessions, admins.c.name, admins.c.role)
        .join(admins, admins.c.id == admin_sessions.c.admin_id)
        .where(~_ended(now_ms), admins.c.disabled_at.is_(None))
    )


def _ended(now_ms: int) -> ColumnElement[bool]:
    return or_(admin_sessions.c.ends_at <= now_ms, admin_sessions.c.seen_at <= now_ms - IDLE_MS)
