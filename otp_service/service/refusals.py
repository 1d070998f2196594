"""Every refusal by a rule has a reference, by which an admin finds the rule and its evidence."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from otp_service.domain.errors import Refusal
from otp_service.domain.evidence import Evidence
from otp_service.domain.keys import NONCE_BYTES
from otp_service.domain.phone import Number
from otp_service.domain.requests import StartRequest
from otp_service.service.callers import Caller
from otp_service.service.core import Core, random_bytes
from otp_service.service.destination import locate, number_index, standing, target_of
from otp_service.service.limits import Whence, whence_of
from otp_service.store import refusals as store
from otp_service.store.keys import cell_tag
from otp_service.store.refusals import AskedFor


@dataclass(frozen=True, slots=True)
class Asking:
    """What was refused: where to, in which cell that is kept, where from and for whom."""

    number: Number
    cell: str
    asked_for: AskedFor = "code"
    purpose: str | None = None
    ip: str | None = None
    user: str | None = None
    whence: Whence = field(default_factory=dict)


Found = Callable[[Core, Caller, Asking], list[Evidence]]


def asking_of(core: Core, caller: Caller, request: StartRequest) -> Asking:
    """What a start asks for."""
    number, at = locate(core, caller, request.to, request.purpose)
    whence = whence_of(core, caller, request)
    cell = cell_tag(at.cell(core.cells))
    return Asking(number, cell, "code", request.purpose, request.client.ip, request.user, whence)


def noted(core: Core, caller: Caller, told: Callable[[], Asking], request_id: str, refusal: Refusal) -> Refusal:
    """The same refusal, with a reference if a rule made it; without one while Redis can't be asked."""
    found = _FOUND.get(refusal.code)
    if found is None or "reference" in refusal.members:
        return refusal
    with suppress(Refusal):  # what is refused stays refused
        asking = told()
        refusal.members["reference"] = store.record(
            *(core.link, asking.cell),
            code=refusal.code,
            evidence=found(core, caller, asking),
            request=request_id,
            detail=_detail(core, caller, asking, request_id),
        )
    return refusal


def _detail(core: Core, caller: Caller, asking: Asking, request_id: str) -> dict[str, Any]:
    """Who asked for what, as scripts keep it with their own refusals."""
    number = asking.number
    index = number_index(core, number.e164)
    sealed = core.ring.seal(number.e164.encode(), index, random_bytes(NONCE_BYTES))
    return {
        **({} if asking.asked_for == "code" else {"asked_for": asking.asked_for}),
        "application": caller.application.id,
        "test": caller.test,
        "purpose": asking.purpose,
        "person": {"number_index": index, "to_sealed": sealed, "country": number.country, "block": number.prefix},
        "client": dict(asking.whence),
        "request": request_id,
    }


def _blocked(core: Core, caller: Caller, asking: Asking) -> list[Evidence]:
    index = number_index(core, asking.number.e164)
    kinds, _ = standing(core, target_of(core, caller, asking.number, index, asking.ip, asking.user))
    return [{"scope": kind, "rule": "blocked"} for kind in sorted(kinds)]


def _country(core: Core, caller: Caller, asking: Asking) -> list[Evidence]:
    return [{"scope": "country", "rule": "not_listed", "value": asking.number.country}]


def _line_type(core: Core, caller: Caller, asking: Asking) -> list[Evidence]:
    return [{"scope": "line_type", "rule": "refused", "value": asking.number.line_type}]


def _disabled(core: Core, caller: Caller, asking: Asking) -> list[Evidence]:
    return [{"scope": "lock", "rule": "failures", "amount": caller.application.policy.hard_lock_after}]


def _unsolved(core: Core, caller: Caller, asking: Asking) -> list[Evidence]:
    return [{"scope": "challenge", "rule": "not_solved"}]


def _opted_out(core: Core, caller: Caller, asking: Asking) -> list[Evidence]:
    return [{"scope": "opt_out", "rule": "refused"}]


_FOUND: Mapping[str, Found] = {
    "destination_blocked": _blocked,
    "refused_as_fraud": _blocked,
    "country_not_allowed": _country,
    "line_type_not_allowed": _line_type,
    "destination_disabled": _disabled,
    "challenge_required": _unsolved,
    "opted_out": _opted_out,
}
