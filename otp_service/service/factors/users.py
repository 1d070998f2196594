"""Users with factors: how they are named, and what a try costs them."""

from sqlalchemy import Connection

from otp_service.domain.errors import Refusal
from otp_service.domain.factors import delays
from otp_service.domain.keys import NONCE_BYTES, b64, mac
from otp_service.ledger import factor_users
from otp_service.ledger.factor_users import FactorUser
from otp_service.service.callers import Caller
from otp_service.service.core import Core, random_bytes
from otp_service.service.factors import history

INDEX_BYTES = 18  # verifications keep the first 9 of the same


def user_index_of(core: Core, realm: str, user: str) -> str:
    """By what a user is found without being readable."""
    return b64(mac(core.index_key, "user", realm, user)[:INDEX_BYTES])


def nobody() -> Refusal:
    """One and the same 404 for unknown, foreign and forgotten."""
    return Refusal("not_found", "there is no such factor, or this user has none")


def introduced(core: Core, caller: Caller, connection: Connection, user: str, now_ms: int) -> FactorUser:
    """The user, new if need be, held until the transaction ends; Refusal user_disabled."""
    index = user_index_of(core, caller.realm, user)
    sealed = core.ring.seal(user.encode(), index, random_bytes(NONCE_BYTES))
    found = factor_users.introduce(connection, index, caller.application.id, caller.test, sealed, now_ms)
    if found.disabled_at is not None:
        raise disabled()
    return found


def pay(connection: Connection, user_index: str, now_ms: int) -> FactorUser:
    """Pays for a try before it is looked at; the user with this failure counted, and held until all is done.

    Refusal not_found for who has no factors, user_locked while the user has to wait, user_disabled after too many.
    """
    paid = factor_users.pay(connection, user_index, now_ms)
    if paid is not None:
        return paid
    known = factor_users.read(connection, user_index)
    if known is None:
        raise nobody()
    if known.disabled_at is not None:
        raise disabled()
    wait_s = max(1, -(-(known.locked_until - now_ms) // 1000))  # it may have been lifted since we were refused
    raise Refusal("user_locked", "too many wrong codes in a row: wait before the next try", retry_after_s=wait_s)


def fail(core: Core, connection: Connection, user: FactorUser, now_ms: int) -> None:
    """What a wrong code costs beyond its try: a delay, in the end everything; the application hears of half and all."""
    failures = user.failures
    if wait_s := delays.delay_s(failures):
        factor_users.hold(connection, user.user_index, now_ms + wait_s * 1000)
    if failures >= delays.MOST_FAILURES:
        factor_users.disable(connection, user.user_index, now_ms)
    told = {delays.ALARM_AT: "locked", delays.MOST_FAILURES: "disabled"}.get(failures)
    if told is not None:
        history.held(core, connection, user, told, failures, now_ms)


def disabled() -> Refusal:
    """Too many wrong codes."""
    return Refusal("user_disabled", "too many wrong codes in a row: an admin has to lift this")
