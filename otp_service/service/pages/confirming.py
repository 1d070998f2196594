"""The page that confirms an app whose key is there already, such as on a sheet that an admin printed."""

from dataclasses import dataclass

from pydantic import ValidationError

from otp_service.domain.errors import Refusal, invalid_field
from otp_service.domain.factors.requests import ConfirmRequest
from otp_service.service.callers import Caller
from otp_service.service.core import Core
from otp_service.service.factors import checking, listing
from otp_service.service.once import once
from otp_service.service.pages.links import Visit, operation


@dataclass(frozen=True, slots=True)
class Standing:
    """What can be asked of a user now: how long the code of their new app is (0: nothing any more)."""

    digits: int
    disabled: bool


def expect(core: Core, caller: Caller, user: str, id: str) -> None:
    """Refusal not_found for a factor that this user has not, not_pending for one that counts already."""
    theirs = listing.standing(core, caller, user).factors
    found = next((each.factor for each in theirs if each.factor.id == id), None)
    if found is None:
        raise Refusal("not_found", "this user has no such factor")
    if found.status == "active":
        raise Refusal("not_pending", "this factor is confirmed already")


def standing(core: Core, visit: Visit) -> Standing:
    """What can be asked of the user of a page now."""
    found = listing.standing(core, visit.caller, visit.page.user or "")
    theirs = (each.factor for each in found.factors if each.factor.id == visit.page.factor)
    return Standing(next((each.digits or 0 for each in theirs if each.status != "active"), 0), found.disabled)


def confirm(core: Core, visit: Visit, typed: str, form: str) -> bool:
    """Whether this is the app's first code; the same again for a form that is sent twice."""
    page = visit.page
    try:
        code = ConfirmRequest(code=typed).code
    except ValidationError:
        raise invalid_field("code", "this is no code") from None
    asked = operation(core, page, form, "confirm", code)
    valid = once(core, asked, lambda: {"valid": checking.confirm(core, visit.caller, page.factor or "", code).valid})
    return valid["valid"] is True
