"""The page that asks for a code that was sent: exactly what check and resend do, for whoever holds its link."""

from dataclasses import dataclass, replace

from pydantic import ValidationError

from otp_service.domain.errors import Refusal, invalid_field
from otp_service.domain.pages.page import Page
from otp_service.domain.requests import CheckRequest, Client, ResendRequest
from otp_service.service import lookup
from otp_service.service.check import Result
from otp_service.service.check import check as check_code
from otp_service.service.core import Core
from otp_service.service.pages.links import Visit, operation

ENDS = {"approved": "already_used", "failed": "max_attempts", "expired": "expired", "canceled": "canceled"}
_SHOWN_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Standing:
    """How the verification stands: why it ended, or what its code looks like and when it can be sent again."""

    ended: str | None
    alphabet: str = "digits"
    length: int = 6
    to: str = ""
    attempts_left: int = 0
    resend_wait_s: int = 0


def standing(core: Core, visit: Visit) -> Standing:
    """How the verification of a page stands now."""
    try:
        seen = lookup.seen(core, visit.caller, visit.page.verification or "")
    except Refusal as refusal:
        if refusal.code == "not_found":
            return Standing("canceled")
        raise
    if seen.past.status != "pending" or not seen.shape:
        return Standing(ENDS.get(seen.past.status, "expired"))
    alphabet, _, length = seen.shape.partition(":")
    wait_ms = (seen.past.resend_after_ms or 0) - seen.now_ms
    left = seen.past.attempts_left
    return Standing(None, alphabet, int(length), _hinted(seen.past.to), left, max(0, -(-wait_ms // 1000)))


def check(core: Core, visit: Visit, typed: str, form: str, request_id: str) -> Result:
    """The verdict on what was typed; sent twice, the same."""
    page = visit.page
    try:
        request = CheckRequest(
            id=page.verification,
            code=typed,
            user=page.user,
            binding=dict(page.binding),
            client=Client(device_id=page.device),
        )
    except ValidationError:
        raise invalid_field("code", "this is no code") from None
    return check_code(core, visit.caller, request, operation(core, page, form, "check", typed), request_id)


def resend(core: Core, visit: Visit, form: str, request_id: str) -> Page:
    """Sends the code again; the page from then on, which is of another verification where the code was about to end."""
    page, asked = visit.page, operation(core, visit.page, form, "resend")
    started, _, _ = lookup.resend(core, visit.caller, page.verification or "", ResendRequest(), asked, request_id)
    return replace(page, verification=started.id)


def _hinted(to: str | None) -> str:
    """As much of a number as its owner needs to know it again."""
    return f"•••• {to[-_SHOWN_DIGITS:]}" if to else "••••"
