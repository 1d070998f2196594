"""Where a code may go: a number that exists, in an allowed country, of an allowed type, not blocked, not disabled."""

from dataclasses import dataclass

from otp_service.domain.errors import Refusal
from otp_service.domain.ids import Address, address
from otp_service.domain.keys import b64, mac
from otp_service.domain.phone import Number, parse_number
from otp_service.domain.requests import StartRequest
from otp_service.ledger.blocks import OF_NUMBERS, Kind, Target
from otp_service.service.callers import Caller
from otp_service.service.core import Core, now_ms

INDEX_BYTES = 16
SCOPE_BYTES = 9
_OWN: frozenset[Kind] = frozenset({"number"})


@dataclass(frozen=True, slots=True)
class Destination:
    """A number that may get codes, and where its verifications live."""

    number: Number
    index: str
    at: Address


def number_index(core: Core, e164: str) -> str:
    """By what a number is found without being readable."""
    return b64(mac(core.index_key, "number", e164)[:INDEX_BYTES])


def locate(core: Core, caller: Caller, to: str, purpose: str) -> tuple[Number, Address]:
    """The number that was meant and its address for this purpose."""
    number = parse_number(to, caller.application.policy.default_region)
    return number, address(core.index_key, caller.realm, number.e164, purpose)


def admit(core: Core, caller: Caller, request: StartRequest) -> Destination:
    """The destination of a start; Refusal if this application sends no codes there, or none to whoever asks."""
    number, at = locate(core, caller, request.to, request.purpose)
    index = permit(core, caller, number, request.client.ip, request.user)
    refuse_disabled(core, caller, at)
    return Destination(number, index, at)


def target_of(
    core: Core, caller: Caller, number: Number, index: str, ip: str | None = None, user: str | None = None
) -> Target:
    """What blocks and allows can name of a request; test keys and live keys are blocked alike."""
    application = caller.application.id
    user_ = user_index(core, application, user) if user else None
    return Target(application, index, number.e164, number.country, ip, user_)


def user_index(core: Core, application: str, user: str) -> str:
    """By what an application's user is found without being readable."""
    return b64(mac(core.index_key, "user", application, user)[:SCOPE_BYTES])


def permit(core: Core, caller: Caller, number: Number, ip: str | None = None, user: str | None = None) -> str:
    """The index of a number that this application sends to; Refusal for any other, or for whoever asks."""
    index = number_index(core, number.e164)
    blocked, vouched = standing(core, target_of(core, caller, number, index, ip, user))
    if not vouched:
        _refuse_unwanted(caller, number)
    _refuse_blocked(blocked)
    return index


def standing(core: Core, target: Target) -> tuple[frozenset[Kind], bool]:
    """By which kinds of blocks a target is held, and whether an allow vouches for the number itself.

    Of a number that is vouched for only its own block counts.
    """
    now, snapshot = now_ms(), core.snapshot()
    blocked = snapshot.blocked.hits(target, now)
    vouched = "number" in snapshot.allowed.hits(target, now)
    return (blocked & _OWN if vouched else blocked), vouched


def _refuse_unwanted(caller: Caller, number: Number) -> None:
    """Refuses what the policy has no use for."""
    policy = caller.application.policy
    if policy.countries != "*" and number.country not in policy.countries:
        raise Refusal(
            "country_not_allowed", "this application sends nothing to this country: add it to policy.countries"
        )
    if number.line_type in policy.blocked_line_types:
        raise Refusal("line_type_not_allowed", f"this application sends nothing to numbers of type {number.line_type}")


def _refuse_blocked(kinds: frozenset[Kind]) -> None:
    if kinds & OF_NUMBERS:
        raise Refusal("destination_blocked", "an admin has blocked this number")
    if kinds:  # the number is somebody else's, maybe: it is whoever asks that is not wanted
        raise Refusal("refused_as_fraud", "an admin has blocked whoever asks for this code")


def is_disabled(core: Core, caller: Caller, at: Address) -> bool:
    """Whether the ledger holds a hard lock of this subject."""
    locks = core.snapshot().hard_locks
    return bool(locks) and (caller.application.id, b64(at.subject)) in locks


def refuse_disabled(core: Core, caller: Caller, at: Address) -> None:
    """Refusal destination_disabled while the ledger holds a hard lock of this subject."""
    if is_disabled(core, caller, at):
        raise Refusal("destination_disabled", "too many wrong codes in a row; an admin must lift the lock")
