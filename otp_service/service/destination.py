"""Where a code may go: a number that exists, in an allowed country, of an allowed type, not blocked, not disabled."""

from dataclasses import dataclass

from otp_service.domain.errors import Refusal
from otp_service.domain.ids import Address, address
from otp_service.domain.keys import b64, mac
from otp_service.domain.phone import Number, parse_number
from otp_service.service.callers import Caller
from otp_service.service.core import Core, now_ms

INDEX_BYTES = 16


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


def admit(core: Core, caller: Caller, to: str, purpose: str) -> Destination:
    """The destination of a start; Refusal if this application sends no codes there."""
    number, at = locate(core, caller, to, purpose)
    index = permit(core, caller, number)
    refuse_disabled(core, caller, at)
    return Destination(number, index, at)


def permit(core: Core, caller: Caller, number: Number) -> str:
    """The index of a number that this application sends to; Refusal for any other."""
    policy = caller.application.policy
    if policy.countries != "*" and number.country not in policy.countries:
        raise Refusal(
            "country_not_allowed", "this application sends nothing to this country: add it to policy.countries"
        )
    if number.line_type in policy.blocked_line_types:
        raise Refusal("line_type_not_allowed", f"this application sends nothing to numbers of type {number.line_type}")
    index = number_index(core, number.e164)
    snapshot = core.snapshot()
    if snapshot.blocked.hits(caller.application.id, index, number.e164, now_ms()):
        raise Refusal("destination_blocked", "an admin has blocked this number")
    return index


def is_disabled(core: Core, caller: Caller, at: Address) -> bool:
    """Whether the ledger holds a hard lock of this subject."""
    locks = core.snapshot().hard_locks
    return bool(locks) and (caller.application.id, b64(at.subject)) in locks


def refuse_disabled(core: Core, caller: Caller, at: Address) -> None:
    """Refusal destination_disabled while the ledger holds a hard lock of this subject."""
    if is_disabled(core, caller, at):
        raise Refusal("destination_disabled", "too many wrong codes in a row; an admin must lift the lock")
