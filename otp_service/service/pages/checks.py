"""The page that asks for a code of an authenticator app, or for a recovery code: what the check of factors does."""

from dataclasses import dataclass

from pydantic import ValidationError

from otp_service.domain.errors import Refusal, invalid_field
from otp_service.domain.factors.requests import FactorCheckRequest
from otp_service.service.core import Core
from otp_service.service.factors import checking, listing
from otp_service.service.once import Body, once
from otp_service.service.pages import remembering
from otp_service.service.pages.links import Visit, operation

RECOVERY = "recovery_codes"


@dataclass(frozen=True, slots=True)
class Standing:
    """What can be asked of a user: how long the codes of their apps are (None: it differs), and who has to wait.

    `remember_s` is for how long their device could be remembered, 0 for not at all.
    """

    has_app: bool
    digits: int | None
    has_recovery: bool
    wait_s: int
    disabled: bool
    remember_s: int


def standing(core: Core, visit: Visit) -> Standing:
    """What can be asked of the user of a page now."""
    found = listing.standing(core, visit.caller, visit.page.user or "")
    active = [each for each in found.factors if each.factor.status == "active"]
    lengths = {each.factor.digits for each in active if each.factor.type != RECOVERY}
    return Standing(
        has_app=bool(lengths),
        digits=lengths.pop() if len(lengths) == 1 else None,
        has_recovery=any(each.codes_left for each in active),
        wait_s=max(0, -(-((found.locked_until_ms or 0) - core.clock()) // 1000)),
        disabled=found.disabled,
        remember_s=remembering.lasts_s(visit, [each.factor.type for each in active]),
    )


def check(core: Core, visit: Visit, typed: str, form: str, ticked: bool) -> Body:
    """The verdict on what was typed, and the device to remember; the same again for a form that is sent twice."""
    try:
        request = FactorCheckRequest(user=visit.page.user, code=typed)
    except ValidationError:
        raise invalid_field("code", "this is no code") from None

    def run() -> Body:
        verdict = checking.check(core, visit.caller, request)
        factor = verdict.factor
        return {
            "reason": verdict.reason,
            "factor": factor and factor.id,
            "type": factor and factor.type,
            "codes_left": verdict.codes_left,
            "proof": verdict.proof,
        }

    try:
        found = once(core, operation(core, visit.page, form, "check", typed), run)
    except Refusal as refusal:
        if refusal.code == "not_found":
            raise Refusal("not_pending", "this user has no factor any more") from None
        raise
    remember = remembering.ticked(core, visit, found["type"]) if ticked and found["reason"] is None else None
    return found | {"remember": remember}
