"""Signing in by name, password and the code of an authenticator app.

Whatever is wrong, the answer is the same and takes as long: nobody learns which names exist. A guess is paid for
before it is looked at; the more failures in a row, the longer the account waits.
"""

import structlog
from sqlalchemy import Connection

from otp_service.domain.errors import Refusal
from otp_service.ledger import admins, audit, meta
from otp_service.ledger.admins import Account
from otp_service.service.admin.opening import changing, looking, writing
from otp_service.service.console import passwords, totp
from otp_service.service.core import Core, now_ms

FREE = 4  # failures in a row that cost no wait
FIRST_WAIT_MS = 2_000
LONGEST_WAIT_MS = 15 * 60 * 1000
WRONG = "Name, password or code is not right. After several failures an account has to wait a while."
log = structlog.get_logger("otp_service.console")


def by_password(core: Core, name: str, password: str, code: str, *, act: str = "admin.signed_in") -> Account:
    """Whose name, password and code these are; Refusal unauthenticated otherwise."""
    with passwords.turn():  # first, lest somebody who could not be looked at pays for a guess
        account = _tried(core, name, password, code)
    with changing(core, f"admin:{account.name}") as change:
        admins.write(change.connection, account.id, failures=0, locked_until=0)
        audit.record(change, act, target=account.id, after={"by": "password and totp"})
    return account


def wait_ms(failures: int) -> int:
    """How long an account waits after so many failures in a row."""
    return 0 if failures <= FREE else min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** min(failures - FREE - 1, 20))


def _tried(core: Core, name: str, password: str, code: str) -> Account:
    with looking(core) as connection:
        found = admins.find(connection, name.strip())
    with writing(core) as connection:
        account = _paid(connection, found)
    right = passwords.matches(account.password_hash if account else None, password)
    if account is None or not right or not _spent(core, account, code):
        log.warning("sign_in_refused", admin=found.id if found else None)
        raise Refusal("unauthenticated", WRONG)
    return account


def _paid(connection: Connection, account: Account | None) -> Account | None:
    """The account, if it may be tried now, with the guess counted as a failure until it proves right."""
    now = now_ms()
    usable = account is not None and account.disabled_at is None and account.totp_sealed is not None
    if account is not None and usable:
        later = now + wait_ms(account.failures + 1)
        if admins.claim_try(connection, account.id, now, account.failures, later):
            return account
    meta.touch(connection)  # a write, too: the time taken must not tell whether there was something to count
    return None


def _spent(core: Core, account: Account, code: str) -> bool:
    """Whether the code is right, and was not accepted before."""
    secret = totp.opened(core, account.id, account.totp_sealed or "")
    step = totp.matching_step(secret, "".join(code.split())) if secret else None
    if step is None:
        return False
    with writing(core) as connection:
        return admins.take_step(connection, account.id, step)
