"""Who may sign in to the console: accounts, as the ledger keeps them."""

import unicodedata
from dataclasses import dataclass, field

from sqlalchemy import Connection, RowMapping, insert, select, update

from otp_service.domain.errors import Refusal
from otp_service.ledger import audit
from otp_service.ledger.changes import Change
from otp_service.ledger.ids import new_id
from otp_service.ledger.schema import admins


@dataclass(frozen=True, slots=True)
class Account:
    """One admin, with what proves who they are; nothing of that can be read back."""

    id: str
    name: str
    role: str
    password_hash: str | None = field(repr=False)
    totp_sealed: str | None = field(repr=False)
    totp_step: int
    oidc_subject: str | None
    ticket_hash: str | None = field(repr=False)
    ticket_ends_at: int | None
    failures: int
    locked_until: int
    disabled_at: int | None
    created_at: int


def create(change: Change, name: str, role: str) -> Account:
    """A new account that nobody can sign in to yet; `conflict` if the name is taken."""
    if find(change.connection, name) is not None:
        raise Refusal("conflict", "an admin of this name exists")
    id = new_id("adm")
    counted = {"totp_step": 0, "failures": 0, "locked_until": 0}
    change.connection.execute(insert(admins).values(id=id, name=name, role=role, created_at=change.at_ms, **counted))
    audit.record(change, "admin.create", target=id, after={"name": name, "role": role})
    return require(change.connection, id)


def find(connection: Connection, name: str) -> Account | None:
    """The account of this name, however it is capitalised."""
    # Compared here: SQLite knows the capitals of ASCII alone, PostgreSQL those of its locale.
    return next((each for each in listed(connection) if same_name(each.name, name)), None)


def same_name(one: str, other: str) -> bool:
    """Whether two names are one, however they are capitalised or composed."""
    return _folded(one) == _folded(other)


def read(connection: Connection, id: str) -> Account | None:
    """The account of this id."""
    return _account(connection.execute(select(admins).where(admins.c.id == id)).mappings().one_or_none())


def require(connection: Connection, id: str) -> Account:
    """The account of this id; `not_found` if there is none."""
    found = read(connection, id)
    if found is None:
        raise Refusal("not_found", "there is no such admin")
    return found


def of_ticket(connection: Connection, ticket_hash: str, now_ms: int) -> Account | None:
    """Whose link this is, if it still works."""
    live = (admins.c.ticket_hash == ticket_hash, admins.c.ticket_ends_at > now_ms, admins.c.disabled_at.is_(None))
    return _account(connection.execute(select(admins).where(*live)).mappings().one_or_none())


def of_subject(connection: Connection, oidc_subject: str) -> Account | None:
    """The account that a provider of identities knows by this subject."""
    found = select(admins).where(admins.c.oidc_subject == oidc_subject)
    return _account(connection.execute(found).mappings().one_or_none())


def listed(connection: Connection) -> list[Account]:
    """Every account, by name."""
    return [Account(**row) for row in connection.execute(select(admins).order_by(admins.c.name)).mappings()]


def write(connection: Connection, id: str, **fields: object) -> None:
    """Puts these fields of an account in place of what was there."""
    connection.execute(update(admins).where(admins.c.id == id).values(fields))


def take_ticket(connection: Connection, id: str, ticket_hash: str) -> bool:
    """Uses up a link; False if another request did so first."""
    this = (admins.c.id == id, admins.c.ticket_hash == ticket_hash)
    used = connection.execute(update(admins).where(*this).values(ticket_hash=None, ticket_ends_at=None))
    return used.rowcount == 1


def take_step(connection: Connection, id: str, step: int) -> bool:
    """Uses up a time step of the authenticator app; False if this one or a later one was accepted before."""
    later = update(admins).where(admins.c.id == id, admins.c.totp_step < step).values(totp_step=step)
    return connection.execute(later).rowcount == 1


def claim_try(connection: Connection, id: str, now_ms: int, failures: int, locked_until: int) -> bool:
    """Pays for a guess before it is looked at; False while the account waits, or if another guess came first."""
    this = (admins.c.id == id, admins.c.locked_until <= now_ms, admins.c.failures == failures)
    paid = {"failures": failures + 1, "locked_until": locked_until}
    return connection.execute(update(admins).where(*this).values(paid)).rowcount == 1


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _account(row: RowMapping | None) -> Account | None:
    return None if row is None else Account(**row)
