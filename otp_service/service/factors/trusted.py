"""Whether a remembered device is trusted, and what of it is shown.

Trust rests on a factor: a user who is disabled, or without a factor that was there when the device was remembered, has
none.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from otp_service.domain.factors import trust
from otp_service.domain.factors.trust import Bearer
from otp_service.domain.keys import UnknownKid
from otp_service.domain.policy import Policy
from otp_service.ledger import factor_users, factors, trusted_devices
from otp_service.ledger.trusted_devices import TrustedDevice
from otp_service.service.admin.opening import looking, writing
from otp_service.service.callers import Caller
from otp_service.service.core import Core
from otp_service.service.factors.types import recovery_codes
from otp_service.service.factors.users import user_index_of

SEEN_EVERY_MS = 60_000  # what was seen a minute ago need not be written again


@dataclass(frozen=True, slots=True)
class Shown:
    """A device as its application sees it; times in milliseconds."""

    device: TrustedDevice
    label: str | None
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether a device is trusted; why not, and which one it was if its token is good."""

    reason: str | None
    shown: Shown | None


def judge(core: Core, caller: Caller, name: str, device_id: str, token: str) -> Judged:
    """Whether this user is trusted on this device by the token that it shows."""
    at_ms, index = core.clock(), user_index_of(core, caller.realm, name)
    found = trust.read(core.index_key, Bearer(caller.realm, index, device_id), token)
    if found is None:
        return Judged("unknown", None)
    with looking(core) as connection:
        device = trusted_devices.read(connection, index, found.id)
        reason = "expired" if at_ms >= found.expires_ms else _reason(caller, connection, device, at_ms)
    if device and reason is None and at_ms - (device.seen_at or 0) >= SEEN_EVERY_MS:
        with writing(core) as connection:
            trusted_devices.see(connection, device.id, at_ms)
    return Judged(reason, shown(core, caller, device) if device else None)


def has_factor(connection: Connection, user_index: str, since_ms: int, at_ms: int) -> bool:
    """Whether the user has a factor, other than recovery codes, that counted then already."""
    theirs = (each for each in factors.of_user(connection, user_index, at_ms) if each.type != recovery_codes.NAME)
    return any(each.confirmed_at is not None and each.confirmed_at <= since_ms for each in theirs)


def shown(core: Core, caller: Caller, device: TrustedDevice) -> Shown:
    """A device with what is sealed of it; the policy may end it sooner than it once was to end."""
    return Shown(device, _label(core, device), _ends_ms(caller.application.policy, device))


def _reason(caller: Caller, connection: Connection, device: TrustedDevice | None, at_ms: int) -> str | None:
    """Why a device is not trusted; one whose row is gone before its time was revoked, or a restore forgot it."""
    if device is None or device.revoked_at is not None:
        return "revoked"
    if at_ms >= _ends_ms(caller.application.policy, device):
        return "expired"
    user = factor_users.read(connection, device.user_index)
    if user is None or user.disabled_at is not None:
        return "user_disabled"
    return None if has_factor(connection, device.user_index, device.created_at, at_ms) else "no_factor"


def _ends_ms(policy: Policy, device: TrustedDevice) -> int:
    """When the trust ends; a policy that trusts for less time than it did holds for what was remembered before."""
    return min(device.expires_at, device.created_at + policy.trust_device_s * 1000)


def _label(core: Core, device: TrustedDevice) -> str | None:
    """What the application called it; None once it can't be opened any more."""
    try:
        return device.label_sealed and core.ring.open(device.label_sealed, device.id).decode()
    except (UnknownKid, ValueError):
        return None
