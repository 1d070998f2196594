"""Remembered devices as the ledger keeps them: each is trusted until it ends or is revoked."""

from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from otp_service.ledger.schema import trusted_devices


@dataclass(frozen=True, slots=True)
class TrustedDevice:
    """A device that a user need not show a code on; `device_index` stands for what the application calls it."""

    id: str
    user_index: str
    device_index: str
    label_sealed: str | None = field(repr=False)
    created_at: int
    expires_at: int
    seen_at: int | None = None
    revoked_at: int | None = None


def add(connection: Connection, device: TrustedDevice) -> None:
    """A new device of a user who is there."""
    connection.execute(insert(trusted_devices).values(asdict(device)))


def read(connection: Connection, user_index: str, id: str) -> TrustedDevice | None:
    """A device of this user, whether or not it is trusted any more."""
    theirs = select(trusted_devices).where(trusted_devices.c.user_index == user_index, trusted_devices.c.id == id)
    row = connection.execute(theirs).one_or_none()
    return None if row is None else _device(row)


def of_user(connection: Connection, user_index: str, now_ms: int) -> list[TrustedDevice]:
    """The devices of a user that did not end, newest first."""
    alive = (trusted_devices.c.expires_at > now_ms, trusted_devices.c.revoked_at.is_(None))
    theirs = select(trusted_devices).where(trusted_devices.c.user_index == user_index, *alive)
    newest = theirs.order_by(trusted_devices.c.created_at.desc(), trusted_devices.c.id)
    return [_device(row) for row in connection.execute(newest)]


def see(connection: Connection, id: str, now_ms: int) -> None:
    """Notes that a device was trusted."""
    connection.execute(update(trusted_devices).where(trusted_devices.c.id == id).values(seen_at=now_ms))


def revoke(
    connection: Connection, user_index: str, now_ms: int, *, id: str | None = None, device_index: str | None = None
) -> int:
    """Ends the trust in a user's devices, or in the one that is named; how many were not revoked before."""
    named: list[ColumnElement[bool]] = [trusted_devices.c.revoked_at.is_(None)]
    if id is not None:
        named.append(trusted_devices.c.id == id)
    if device_index is not None:
        named.append(trusted_devices.c.device_index == device_index)
    theirs = update(trusted_devices).where(trusted_devices.c.user_index == user_index, *named)
    return connection.execute(theirs.values(revoked_at=now_ms)).rowcount


def _device(row: Row[Any]) -> TrustedDevice:
    return TrustedDevice(**row._mapping)
