"""A change by an admin: what it changes, its audit entries and the new version are one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine

from otp_service.ledger import meta


@dataclass(frozen=True, slots=True)
class AuditKey:
    """The key that chains the audit, derived by the caller; `kid` names where it comes from."""

    kid: str
    key: bytes = field(repr=False)


@dataclass(slots=True)
class Change:
    """An open change: pass it to what changes a truth."""

    connection: Connection
    actor: str
    at_ms: int
    audit_key: AuditKey
    entries: int = 0  # audit entries written so far


@contextmanager
def change(engine: Engine, audit_key: AuditKey, actor: str, now_ms: int) -> Iterator[Change]:
    """Everything done with the yielded change happens, audited, or nothing of it; changes go one after the other."""
    with engine.begin() as connection:
        meta.lock_version(connection)
        opened = Change(connection, actor, now_ms, audit_key)
        yield opened
        if opened.entries:
            meta.bump_version(connection)
