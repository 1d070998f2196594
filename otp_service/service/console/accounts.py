"""Accounts of the console: made by an admin, set up by their owner through a link that works once."""

import unicodedata
from dataclasses import dataclass, field

from sqlalchemy import Connection

from otp_service.domain.errors import Refusal, invalid_field
from otp_service.ledger import admin_passkeys, admin_sessions, admins, audit
from otp_service.ledger.admins import Account
from otp_service.ledger.changes import Change
from otp_service.service.admin.fields import UNSEEN, words
from otp_service.service.admin.opening import changing, looking
from otp_service.service.console import passwords, totp
from otp_service.service.console.sessions import hashed, new_token
from otp_service.service.core import Core, now_ms

ROLES = ("viewer", "fraud", "admin")
MOST_NAME = 64
TICKET_MS = 24 * 60 * 60 * 1000
PATH = "/console/set-up"


@dataclass(frozen=True, slots=True)
class Invited:
    """An account, and the link by which its owner sets it up, which nobody can show again."""

    account: Account
    ticket: str = field(repr=False)

    def link(self, base: str) -> str:
        """Where the owner goes."""
        return f"{base}{PATH}/{self.ticket}"


@dataclass(frozen=True, slots=True)
class Ways:
    """How an admin can prove who they are."""

    password: bool
    passkeys: int
    sso: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """An account, how it signs in, and when it was last here in a session that lives."""

    account: Account
    ways: tuple[str, ...]
    seen_at: int | None


def invite(core: Core, actor: str, name: str, role: str) -> Invited:
    """A new account and its link."""
    _proper(name)
    _known(role)
    with changing(core, actor) as change:
        account = admins.create(change, name, role)
        return _invited(change, account)


def invite_again(core: Core, actor: str, name: str, role: str) -> Invited:
    """A new link for the account of this name, which is made if it is missing."""
    with changing(core, actor) as change:
        account = admins.find(change.connection, name) or admins.create(change, name, role)
        audit.record(change, "admin.invite", target=account.id)
        return _invited(change, account)


def reset(core: Core, actor: str, name: str) -> Invited:
    """Takes back everything that signs in to an account, ends its sessions, and makes a new link."""
    with changing(core, actor) as change:
        account = _named(change, name)
        admin_passkeys.remove_all(change.connection, account.id)
        cleared = {"password_hash": None, "totp_sealed": None, "oidc_subject": None, "failures": 0, "locked_until": 0}
        admins.write(change.connection, account.id, **cleared)
        admin_sessions.close_all(change.connection, account.id)
        audit.record(change, "admin.reset", target=account.id)
        return _invited(change, account)


def set_role(core: Core, actor: str, name: str, role: str) -> Account:
    """Gives an account another role; its sessions end, so that nothing goes on with the old one."""
    _known(role)
    with changing(core, actor) as change:
        account = _named(change, name)
        admins.write(change.connection, account.id, role=role)
        admin_sessions.close_all(change.connection, account.id)
        before, after = {"role": account.role}, {"role": role}
        audit.record(change, "admin.set_role", target=account.id, before=before, after=after)
        return admins.require(change.connection, account.id)


def disable(core: Core, actor: str, name: str) -> Account:
    """Shuts an account; its sessions end at once."""
    with changing(core, actor) as change:
        account = _named(change, name)
        admins.write(change.connection, account.id, disabled_at=change.at_ms, ticket_hash=None, ticket_ends_at=None)
        admin_sessions.close_all(change.connection, account.id)
        audit.record(change, "admin.disable", target=account.id)
        return admins.require(change.connection, account.id)


def enable(core: Core, actor: str, name: str) -> Account:
    """Opens a shut account again."""
    with changing(core, actor) as change:
        account = _named(change, name)
        admins.write(change.connection, account.id, disabled_at=None, failures=0, locked_until=0)
        audit.record(change, "admin.enable", target=account.id)
        return admins.require(change.connection, account.id)


def listed(core: Core) -> list[Account]:
    """Every account, by name."""
    with looking(core) as connection:
        return admins.listed(connection)


def overview(core: Core) -> list[Seen]:
    """Every account with how it signs in and when it was last here, by name."""
    with looking(core) as connection:
        return [_seen(connection, account) for account in admins.listed(connection)]


def _seen(connection: Connection, account: Account) -> Seen:
    passkeys = len(admin_passkeys.of_admin(connection, account.id))
    latest = admin_sessions.of_admin(connection, account.id, now_ms())
    found = {
        "password and app": account.totp_sealed is not None,
        "1 passkey" if passkeys == 1 else f"{passkeys} passkeys": passkeys > 0,
        "single sign-on": account.oidc_subject is not None,
    }
    return Seen(account, tuple(name for name, has in found.items() if has), latest[0].seen_at if latest else None)


def ways(core: Core, admin_id: str) -> Ways:
    """How an admin can prove who they are."""
    with looking(core) as connection:
        account = admins.require(connection, admin_id)
        passkeys = len(admin_passkeys.of_admin(connection, admin_id))
    return Ways(account.totp_sealed is not None, passkeys, account.oidc_subject is not None)


def of_ticket(core: Core, ticket: str) -> Account:
    """Whose link this is; Refusal not_found if it was used, has ended, or never was one."""
    with looking(core) as connection:
        account = admins.of_ticket(connection, hashed(ticket), now_ms())
    if account is None:
        raise Refusal("not_found", "this link was used before, or has ended: ask an admin for another one")
    return account


def set_up(core: Core, ticket: str, password: str, secret: str, code: str) -> Account:
    """Sets up an account with a password and an authenticator app, and uses up its link."""
    account = of_ticket(core, ticket)
    kept = passwords.hashed(passwords.acceptable(password, account.name))
    step = totp.matching_step(secret, code)
    if step is None:
        raise invalid_field("code", "is not what the app shows now: check the clock of the device")
    with changing(core, f"admin:{account.name}") as change:
        take_ticket(change, account, ticket)
        sealed = totp.seal(core, account.id, secret)
        admins.write(change.connection, account.id, password_hash=kept, totp_sealed=sealed, totp_step=step)
        audit.record(change, "admin.set_up", target=account.id, after={"password": True, "totp": True})
    return account


def enter(core: Core, ticket: str) -> Account:
    """Signs in by the link alone, once; only in development."""
    if core.production:
        raise Refusal("not_found", "there is nothing at this path")
    account = of_ticket(core, ticket)
    with changing(core, f"admin:{account.name}") as change:
        take_ticket(change, account, ticket)
        audit.record(change, "admin.signed_in", target=account.id, after={"by": "link"})
    return account


def take_ticket(change: Change, account: Account, ticket: str) -> None:
    """Uses up a link, of which two requests at once get one."""
    if not admins.take_ticket(change.connection, account.id, hashed(ticket)):
        raise Refusal("not_found", "this link was used before: ask an admin for another one")


def _invited(change: Change, account: Account) -> Invited:
    ticket = new_token()
    ends = change.at_ms + TICKET_MS
    admins.write(change.connection, account.id, ticket_hash=hashed(ticket), ticket_ends_at=ends)
    return Invited(account, ticket)


def same_name(one: str, other: str) -> bool:
    """Whether two names mean one account."""
    return admins.same_name(one, other)


def _named(change: Change, name: str) -> Account:
    account = admins.find(change.connection, name)
    if account is None:
        raise Refusal("not_found", "there is no admin of this name")
    return account


def _proper(name: str) -> None:
    """A name that the audit can carry and nobody mistakes for another one; addresses are welcome."""
    words("name", name, least=1, most=MOST_NAME)
    if any(unicodedata.category(character) in UNSEEN for character in name) or name != name.strip():
        raise invalid_field("name", "must not contain formatting characters, nor begin or end with a space")


def _known(role: str) -> None:
    if role not in ROLES:
        raise invalid_field("role", f"one of {', '.join(ROLES)}")
