"""Remembered devices: where a user passed a factor, none is asked for again until the trust ends.

What was remembered ends with any factor that counted, since nobody knows which of them a thief has had.
"""

from dataclasses import dataclass, field

from sqlalchemy import Connection

from otp_service.domain import proof
from otp_service.domain.errors import Refusal
from otp_service.domain.factors import trust
from otp_service.domain.factors.requests import Remember, RememberRequest
from otp_service.domain.factors.trust import Bearer, Trust
from otp_service.domain.keys import NONCE_BYTES, b64, mac
from otp_service.domain.policy import Policy
from otp_service.domain.proof import ASSURANCE
from otp_service.ledger import factor_history, factor_users, factors, trusted_devices
from otp_service.ledger.factor_users import FactorUser
from otp_service.ledger.factors import Factor
from otp_service.ledger.ids import new_id
from otp_service.ledger.trusted_devices import TrustedDevice
from otp_service.service.admin.opening import looking, stored, writing
from otp_service.service.callers import Caller
from otp_service.service.core import Core, random_bytes
from otp_service.service.factors import history, proofs
from otp_service.service.factors.proofs import Claims
from otp_service.service.factors.trusted import Shown, has_factor, shown
from otp_service.service.factors.users import disabled, nobody, user_index_of

# Whose proofs vouch for a device: a code for money or for another factor is no word on it.
PURPOSES = ("login", "device.trust")
MOST_DEVICES = 50
INDEX_BYTES = 18


@dataclass(frozen=True, slots=True)
class Remembered:
    """A device that was just remembered, and the token that is shown this once."""

    shown: Shown
    token: str = field(repr=False)


def vouches(policy: Policy, assurance: str) -> bool:
    """Whether a factor of this assurance is enough to remember a device by; recovery codes never are."""
    return policy.trust_device_s > 0 and proof.suffices(assurance, policy.min_assurance)


def remember(
    core: Core, caller: Caller, connection: Connection, user: FactorUser, asked: Remember, at_ms: int
) -> Remembered:
    """Trusts a device from now on, in place of what was remembered of it before; the transaction holds the user."""
    device = _made(core, caller, user, asked, at_ms)
    trusted_devices.revoke(connection, user.user_index, at_ms, device_index=device.device_index)
    _make_room(connection, user, at_ms)
    trusted_devices.add(connection, device)
    history.trusted(core, connection, user, device.id, at_ms)
    bearer = Bearer(caller.realm, user.user_index, asked.device_id)
    token = trust.token(core.index_key, bearer, Trust(device.id, device.expires_at))
    return Remembered(shown(core, caller, device), token)


def remember_by_proof(core: Core, caller: Caller, name: str, asked: RememberRequest) -> Remembered:
    """Trusts a device on a fresh proof of the user, which counts once; the one 404 for who has no factor."""
    at_ms = core.clock()
    with writing(core) as connection:
        user = held(core, caller, connection, name, at_ms)
        claims = proofs.read(core, caller, asked.proof or "", name, at_ms)
        if claims is None or not _vouched(core, caller, connection, user, claims, at_ms):
            raise _refusal("this one does not count")
        if not proofs.spend(connection, claims):
            raise _refusal("this one was shown before")
        return remember(core, caller, connection, user, asked, at_ms)


def held(core: Core, caller: Caller, connection: Connection, name: str, at_ms: int) -> FactorUser:
    """The user, held until the transaction ends, who has a factor; Refusal forbidden, not_found or user_disabled."""
    if not caller.application.policy.trust_device_s:
        raise Refusal("forbidden", "the application's policy trusts no devices: trust_device_s is 0")
    user = factor_users.held(connection, user_index_of(core, caller.realm, name))
    if user is None or not has_factor(connection, user.user_index, at_ms, at_ms):
        raise nobody()
    if user.disabled_at is not None:
        raise disabled()
    return user


def is_word(caller: Caller, user: FactorUser, factor: Factor) -> bool:
    """Whether a code of this factor is a word on the user's devices: it is theirs, and worth enough."""
    return factor.user_index == user.user_index and vouches(caller.application.policy, ASSURANCE[factor.type])


def listed(core: Core, caller: Caller, name: str) -> list[Shown]:
    """The devices of a user that did not end, newest first; none of who was never heard of."""
    at_ms = core.clock()
    with looking(core) as connection:
        found = trusted_devices.of_user(connection, user_index_of(core, caller.realm, name), at_ms)
    theirs = (shown(core, caller, each) for each in found)
    return [each for each in theirs if at_ms < each.expires_ms]


def revoke(core: Core, caller: Caller, name: str, id: str) -> Shown:
    """Ends the trust in a device; Refusal not_found if there is none."""
    at_ms, index = core.clock(), user_index_of(core, caller.realm, name)
    with writing(core) as connection:
        device = trusted_devices.read(connection, index, stored(id))
        if device is None or not trusted_devices.revoke(connection, index, at_ms, id=device.id):
            raise Refusal("not_found", "this user has no such device")
        _told_revoked(connection, caller.application.id, index, at_ms, 1)
        return shown(core, caller, device)


def revoke_all(core: Core, caller: Caller, name: str) -> int:
    """Ends the trust in all devices of a user; how many that were."""
    with writing(core) as connection:
        return distrust(connection, caller.application.id, user_index_of(core, caller.realm, name), core.clock())


def distrust(connection: Connection, application_id: str, user_index: str, at_ms: int) -> int:
    """Ends the trust in all devices of a user, where a factor that counted goes or an admin lifts what held them."""
    count = trusted_devices.revoke(connection, user_index, at_ms)
    if count:
        _told_revoked(connection, application_id, user_index, at_ms, count)
    return count


def _told_revoked(connection: Connection, application_id: str, user_index: str, at_ms: int, count: int) -> None:
    factor_history.record(connection, application_id, user_index, "revoked", at_ms, devices=count)


def _made(core: Core, caller: Caller, user: FactorUser, asked: Remember, at_ms: int) -> TrustedDevice:
    id = new_id(trust.ID)
    sealed = asked.label and core.ring.seal(asked.label.encode(), id, random_bytes(NONCE_BYTES))
    index = b64(mac(core.index_key, "device", user.user_index, asked.device_id)[:INDEX_BYTES])
    ends_ms = at_ms + caller.application.policy.trust_device_s * 1000
    return TrustedDevice(id, user.user_index, index, sealed, at_ms, ends_ms)


def _make_room(connection: Connection, user: FactorUser, at_ms: int) -> None:
    for device in trusted_devices.of_user(connection, user.user_index, at_ms)[MOST_DEVICES - 1 :]:
        trusted_devices.revoke(connection, user.user_index, at_ms, id=device.id)


def _vouched(core: Core, caller: Caller, connection: Connection, user: FactorUser, claims: Claims, at_ms: int) -> bool:
    """Whether a proof is of a verification that says who logs in, or of a factor that the user still has."""
    factor = factors.read(connection, claims["sub"], at_ms)
    theirs = factor is not None and factor.user_index == user.user_index and "purpose" not in claims
    fits = theirs or any(proofs.is_of_verification(core, caller, claims, each) for each in PURPOSES)
    return fits and vouches(caller.application.policy, claims["assurance"])


def _refusal(why: str) -> Refusal:
    return Refusal(
        "step_up_required",
        "to remember a device takes the proof of a factor of this user, or of a verification of this user with the "
        f"purpose {' or '.join(PURPOSES)}, approved in the last 5 minutes, never shown before and worth the policy's "
        f"min_assurance; {why}",
    )
