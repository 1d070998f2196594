"""What admins change of their own account."""

from otp_service.domain.errors import Refusal, invalid_field
from otp_service.ledger import admin_sessions, admins, audit
from otp_service.ledger.admins import Account
from otp_service.service.admin.opening import changing, looking
from otp_service.service.console import passwords, totp
from otp_service.service.console.sessions import SignedIn
from otp_service.service.core import Core

NO_APP = "this account signs in without an app"


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


def change_app(core: Core, who: SignedIn, secret: str, code: str) -> None:
    """Puts another authenticator app in place, whose code proves that it is set up; every other session ends."""
    step = totp.matching_step(secret, "".join(code.split()))
    if step is None:
        raise invalid_field("code", "is not what the new app shows now: check the clock of the device")
    with changing(core, f"admin:{who.name}") as change:
        if admins.require(change.connection, who.id).totp_sealed is None:
            raise Refusal("conflict", NO_APP)
        admins.write(change.connection, who.id, totp_sealed=totp.seal(core, who.id, secret), totp_step=step)
        admin_sessions.close_all(change.connection, who.id, but=who.session.token_hash)
        audit.record(change, "admin.set_app", target=who.id)
