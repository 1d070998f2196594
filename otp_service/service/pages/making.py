"""Making a page: a link for one person, one purpose and a quarter of an hour."""

from dataclasses import dataclass
from typing import Any

from otp_service.domain.errors import Refusal, invalid_field
from otp_service.domain.keys import b64
from otp_service.domain.pages.page import LIFE_MS, Look, Page
from otp_service.domain.pages.request import PageRequest
from otp_service.domain.pages.returning import is_allowed, names_ours, place_of
from otp_service.service import lookup
from otp_service.service.callers import Caller
from otp_service.service.core import Core, random_bytes
from otp_service.service.factors import step_up
from otp_service.service.factors.listing import standing
from otp_service.service.pages import confirming
from otp_service.service.pages.enrolment import APP
from otp_service.service.pages.links import MOST_TOKEN, NEEDS, token_of

ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Made:
    """A page that was made."""

    id: str
    url: str
    expires_ms: int


def make(core: Core, caller: Caller, request: PageRequest) -> Made:
    """A page; Refusal for a host that the policy does not name, and for whom or what there is nothing to ask."""
    missing = NEEDS[request.kind] - caller.scopes
    if missing:
        raise Refusal("forbidden", f"this API key lacks the scope {' and '.join(sorted(missing))}")
    _refuse_places(core, caller, request)
    _CHECKED[request.kind](core, caller, request)
    page = Page(
        id=f"pag_{b64(random_bytes(ID_BYTES))}",
        application=caller.application.id,
        key=caller.key_id,
        test=caller.test,
        until_ms=core.clock() + LIFE_MS,
        device=request.client.device_id,
        type=request.type if request.type != APP else None,
        remember=request.remember.model_dump(exclude_none=True) if request.remember else {},
        look=Look(**request.theme.model_dump()),
        **_as_asked(request),
    )
    token = token_of(core, page)
    if len(token) > MOST_TOKEN:
        raise invalid_field("body", f"the link would have over {MOST_TOKEN} characters: shorten names and addresses")
    return Made(page.id, f"{core.public_url}/pages/{token}", page.until_ms)


def _as_asked(request: PageRequest) -> dict[str, Any]:
    names = (
        *("kind", "verification", "user", "binding", "factor", "label", "issuer", "step_up"),
        *("return_url", "state", "locale", "embed"),
    )
    return {name: getattr(request, name) for name in names}


def _refuse_places(core: Core, caller: Caller, request: PageRequest) -> None:
    hosts = caller.application.policy.return_hosts
    if not is_allowed(request.return_url, hosts, production=core.production):
        raise invalid_field("return_url", _why_not(request.return_url, hosts))
    if names_ours(request.return_url):
        raise invalid_field("return_url", "its query must not hold state or result: the page adds them")
    logo = request.theme.logo
    if logo is not None and not is_allowed(logo, hosts, production=core.production):
        raise invalid_field("theme.logo", "must be an https address on one of policy.return_hosts")


def _why_not(url: str, hosts: list[str]) -> str:
    if place_of(url) is None:
        return "must be an https address in ASCII, its host in lower case, without user or fragment"
    if not hosts:
        return "this application's policy names no return_hosts yet: set policy.return_hosts"
    return "its host is not in policy.return_hosts"


def _verification(core: Core, caller: Caller, request: PageRequest) -> None:
    """A page that asks with another user or binding than the start would call every code wrong."""
    seen = lookup.seen(core, caller, request.verification or "")
    if seen.past.status != "pending":
        raise Refusal("not_pending", "this verification has ended; start a new one")
    for name, told in (("user", request.user), ("binding", request.binding)):
        if seen.asked and seen.asked.get(name) != told:
            raise invalid_field(name, "repeat here what the verification was started with")


def _factors(core: Core, caller: Caller, request: PageRequest) -> None:
    found = standing(core, caller, request.user or "").factors
    if not any(each.factor.status == "active" for each in found):
        raise Refusal("not_found", "this user has no factor yet")


def _step_up(core: Core, caller: Caller, request: PageRequest) -> None:
    """Whoever is enrolled may be anybody; but without the proof that the policy asks for the page could only end."""
    step_up.expect(core, caller, request.user or "", "enrol", request.step_up, core.clock())


def _unconfirmed(core: Core, caller: Caller, request: PageRequest) -> None:
    confirming.expect(core, caller, request.user or "", request.factor or "")


_CHECKED = {"code": _verification, "check": _factors, "enrol": _step_up, "confirm": _unconfirmed}
