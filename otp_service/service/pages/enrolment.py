"""The pages that set up an authenticator app, with recovery codes for whoever has none, or a new set of these."""

from dataclasses import replace
from typing import Any, Literal

from pydantic import ValidationError

from otp_service.domain.errors import Refusal, invalid_field
from otp_service.domain.factors.requests import ConfirmRequest, EnrolRequest
from otp_service.domain.pages.page import LIFE_MS
from otp_service.service.callers import Caller
from otp_service.service.core import Core
from otp_service.service.factors import checking, enrolling, listing
from otp_service.service.once import Body, once
from otp_service.service.pages.links import Visit, operation

CODE_DIGITS = 6
APP: Literal["totp"] = "totp"
RECOVERY: Literal["recovery_codes"] = "recovery_codes"


def is_over(core: Core, visit: Visit) -> bool:
    """Whether an app was confirmed, or a set of recovery codes made, since the page was made.

    A page sets up one: whoever finds its link in a history comes too late, and whom somebody forestalled sees it.
    """
    theirs = listing.standing(core, visit.caller, visit.page.user or "").factors
    return any(listing.is_since(each.factor, visit.page.type or APP, _made_ms(visit)) for each in theirs)


def codes_left(core: Core, visit: Visit) -> int:
    """How many recovery codes of the user are unused, which a new set would void."""
    theirs = listing.standing(core, visit.caller, visit.page.user or "").factors
    return sum(each.codes_left or 0 for each in theirs)


def renew(core: Core, visit: Visit, form: str) -> Body:
    """A new set of recovery codes in place of the old one; the same again for a form that is sent twice."""
    page = visit.page
    request = EnrolRequest(user=page.user or "", type=RECOVERY, step_up=page.step_up)

    def run() -> Body:
        made = enrolling.enrol(core, visit.caller, request, _made_ms(visit))
        return {"factor": made.shown.factor.id, "codes": list(made.codes)}

    return once(core, operation(core, page, form, "renew"), run)


def begin(core: Core, visit: Visit, form: str) -> Body:
    """A new authenticator app: its id, secret and URI; the same again for a form that is sent twice."""
    page = visit.page
    request = EnrolRequest(user=page.user or "", type=APP, issuer=page.issuer, label=page.label, step_up=page.step_up)

    def run() -> Body:
        if is_over(core, visit):
            raise Refusal("not_found", "this page has set up an app already: make another page")
        made = enrolling.enrol(core, visit.caller, request)
        return {"factor": made.shown.factor.id, "secret": made.secret, "uri": made.uri}

    return once(core, operation(core, page, form, "begin"), run)


def confirm(core: Core, visit: Visit, factor: str, typed: str, form: str) -> Body:
    """Whether this is the app's code, and then the recovery codes of whoever had none."""
    try:
        code = ConfirmRequest(code=typed).code
    except ValidationError:
        raise invalid_field("code", "this is no code") from None

    def run() -> Body:
        verdict = checking.confirm(core, visit.caller, factor, code, _made_ms(visit))
        return {"valid": verdict.valid, "codes": _recovery_codes(core, visit) if verdict.valid else []}

    return once(core, operation(core, visit.page, form, "confirm", factor, code), run)


def _made_ms(visit: Visit) -> int:
    return visit.page.until_ms - LIFE_MS


def _recovery_codes(core: Core, visit: Visit) -> list[str]:
    """Fresh codes; none where some are left, which new ones would void, or where there is no room for them."""
    user = visit.page.user or ""
    if codes_left(core, visit):
        return []
    try:
        made = enrolling.enrol(core, _stepped_up(visit.caller), EnrolRequest(user=user, type=RECOVERY))
    except Refusal:
        return []
    return list(made.codes)


def _stepped_up(caller: Caller) -> Caller:
    """The caller after the app was enrolled: the proof of that is spent, and its first code has just been typed."""
    policy: Any = caller.application.policy.model_copy(update={"step_up": []})
    return replace(caller, application=replace(caller.application, policy=policy))
