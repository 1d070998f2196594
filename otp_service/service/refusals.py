"""Every refusal of a start by a rule has a reference, by which an admin finds the rule and its evidence."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from otp_service.domain.errors import Refusal
from otp_service.domain.evidence import Evidence
from otp_service.domain.keys import NONCE_BYTES
from otp_service.domain.phone import Number
from otp_service.domain.requests import StartRequest
from otp_service.service.callers import Caller
from otp_service.service.core import Core, random_bytes
from otp_service.service.destination import locate, number_index, standing, target_of
from otp_service.service.limits import whence_of
from otp_service.store import refusals as store

Found = Callable[[Core, Caller, StartRequest, Number], list[Evidence]]


def noted(core: Core, caller: Caller, request: StartRequest, request_id: str, refusal: Refusal) -> Refusal:
    """The same refusal, with a reference if a rule made it; without one while Redis can't be asked."""
    found = _FOUND.get(refusal.code)
    if found is None or "reference" in refusal.members:
        return refusal
    with suppress(Refusal):  # what is refused stays refused
        number, at = locate(core, caller, request.to, request.purpose)
        refusal.members["reference"] = store.record(
            *(core.link, core.cells, at),
            code=refusal.code,
            evidence=found(core, caller, request, number),
            request=request_id,
            detail=_detail(core, caller, request, request_id, number),
        )
    return refusal


def _detail(core: Core, caller: Caller, request: StartRequest, request_id: str, number: Number) -> dict[str, Any]:
    """Who asked for what, as scripts keep it with their own refusals."""
    index = number_index(core, number.e164)
    sealed = core.ring.seal(number.e164.encode(), index, random_bytes(NONCE_BYTES))
    return {
        "application": caller.application.id,
        "test": caller.test,
        "purpose": request.purpose,
        "person": {"number_index": index, "to_sealed": sealed, "country": number.country, "block": number.prefix},
        "client": dict(whence_of(core, caller, request)),
        "request": request_id,
    }


def _blocked(core: Core, caller: Caller, request: StartRequest, number: Number) -> list[Evidence]:
    index, client = number_index(core, number.e164), request.client
    kinds, _ = standing(core, target_of(core, caller, number, index, client.ip, request.user))
    return [{"scope": kind, "rule": "blocked"} for kind in sorted(kinds)]


def _country(core: Core, caller: Caller, request: StartRequest, number: Number) -> list[Evidence]:
    return [{"scope": "country", "rule": "not_listed", "value": number.country}]


def _line_type(core: Core, caller: Caller, request: StartRequest, number: Number) -> list[Evidence]:
    return [{"scope": "line_type", "rule": "refused", "value": number.line_type}]


def _disabled(core: Core, caller: Caller, request: StartRequest, number: Number) -> list[Evidence]:
    return [{"scope": "lock", "rule": "failures", "amount": caller.application.policy.hard_lock_after}]


def _unsolved(core: Core, caller: Caller, request: StartRequest, number: Number) -> list[Evidence]:
    return [{"scope": "challenge", "rule": "not_solved"}]


_FOUND: dict[str, Found] = {
    "destination_blocked": _blocked,
    "refused_as_fraud": _blocked,
    "country_not_allowed": _country,
    "line_type_not_allowed": _line_type,
    "destination_disabled": _disabled,
    "challenge_required": _unsolved,
}
