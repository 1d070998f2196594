"""What admins change of their own account."""

from otp_service.ledger import admin_sessions, admins, audit
from otp_service.ledger.admins import Account
from otp_service.service.admin.opening import changing, looking
from otp_service.service.console import passwords
from otp_service.service.console.sessions import SignedIn
from otp_service.service.core import Core


def account(core: Core, who: SignedIn) -> Account:
    """One's own account."""
    with looking(core) as connection:
        return admins.require(connection, who.id)


def change_password(core: Core, who: SignedIn, password: str) -> None:
    """Puts another password in place; every other session ends."""
    kept = passwords.hashed(passwords.acceptable(password, who.name))
    with changing(core, f"admin:{who.name}") as change:
        admins.write(change.connection, who.id, password_hash=kept)
        admin_sessions.close_all(change.connection, who.id, but=who.session.token_hash)
        audit.record(change, "admin.set_password", target=who.id)
