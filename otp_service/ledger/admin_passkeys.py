"""Passkeys of the console's admins: public keys only."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from otp_service.ledger.schema import admin_passkeys


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey; `sign_count` grows with each use of an authenticator that counts, and is 0 for others."""

    id: str
    admin_id: str
    name: str
    public_key: str
    sign_count: int
    created_at: int
    used_at: int | None


def add(connection: Connection, id: str, admin_id: str, name: str, public_key: str, sign_count: int, now: int) -> None:
    """Keeps a new passkey."""
    row = {"id": id, "admin_id": admin_id, "name": name, "public_key": public_key, "sign_count": sign_count}
    connection.execute(insert(admin_passkeys).values(row | {"created_at": now}))


def read(connection: Connection, id: str) -> Passkey | None:
    """The passkey of this id."""
    row = connection.execute(select(admin_passkeys).where(admin_passkeys.c.id == id)).mappings().one_or_none()
    return None if row is None else Passkey(**row)


def of_admin(connection: Connection, admin_id: str) -> list[Passkey]:
    """An admin's passkeys, oldest first."""
    found = select(admin_passkeys).where(admin_passkeys.c.admin_id == admin_id)
    oldest = found.order_by(admin_passkeys.c.created_at, admin_passkeys.c.id)
    return [Passkey(**row) for row in connection.execute(oldest).mappings()]


def used(connection: Connection, known: Passkey, sign_count: int, now_ms: int) -> bool:
    """Notes a use; False if another one came between: a copied authenticator must not share a count."""
    this = (admin_passkeys.c.id == known.id, admin_passkeys.c.sign_count == known.sign_count)
    noted = connection.execute(update(admin_passkeys).where(*this).values(sign_count=sign_count, used_at=now_ms))
    return noted.rowcount == 1


def remove(connection: Connection, id: str, admin_id: str) -> bool:
    """Forgets one passkey of an admin; False if they have none of this id."""
    this = (admin_passkeys.c.id == id, admin_passkeys.c.admin_id == admin_id)
    return connection.execute(delete(admin_passkeys).where(*this)).rowcount == 1


def remove_all(connection: Connection, admin_id: str) -> None:
    """Forgets all of an admin's passkeys."""
    connection.execute(delete(admin_passkeys).where(admin_passkeys.c.admin_id == admin_id))
