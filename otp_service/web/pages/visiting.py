"""A page that is opened, and the forms that it sends: which page it is, whether it may, and what happens."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException

from otp_service.domain.errors import PROBLEMS, Refusal
from otp_service.domain.pages.page import Page
from otp_service.service.core import fresh_operation
from otp_service.service.pages import links
from otp_service.service.pages.links import Visit
from otp_service.web import problems
from otp_service.web.context import core
from otp_service.web.pages import checks, codes, confirming, drawing, endings, enrolment, recovery
from otp_service.web.pages.asked import Asked
from otp_service.web.parsing import raw_body

blueprint = Blueprint("visited_pages", __name__)

KINDS: dict[str, Any] = {"code": codes, "enrol": enrolment, "confirm": confirming, "check": checks}
TYPES: dict[str | None, Any] = {"recovery_codes": recovery}  # what a page of the kind enrol sets up, other than an app
FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 12


@blueprint.get("/pages/<token>")
def page(token: str) -> Response:
    """The page of a link."""
    asked = Asked(_visited(token), request.args.to_dict(), fresh_operation())
    if asked.visit.is_late:
        return endings.ended(asked, "late")
    shown: Response = _steps(asked.page).show(asked)
    return shown


@blueprint.post("/pages/<token>")
def act(token: str) -> Response:
    """What a form of the page asks for."""
    _own_page()
    asked = _asked(_visited(token))
    wanted, steps = asked.told.get("act", ""), _steps(asked.page)
    if wanted == "leave":
        return endings.left(asked)
    if asked.visit.is_late:
        return endings.ended(asked, "late")
    done: Response = steps.ACTS.get(wanted, steps.show)(asked)
    return done


@blueprint.errorhandler(Refusal)
def refused(refusal: Refusal) -> Response:
    """A refusal, told to a person."""
    g.problem = refusal.code
    visit: Visit | None = g.get("visit")
    return drawing.problem(visit, refusal)


@blueprint.errorhandler(HTTPException)
def http(error: HTTPException) -> Response:
    """One of the framework's own."""
    code = problems.code_of(error.code or 500)
    return refused(Refusal(code, PROBLEMS[code][1]))


@blueprint.errorhandler(Exception)
def bug(error: Exception) -> Response:
    """A bug, logged."""
    return refused(problems.bug(error))


def _steps(page: Page) -> Any:
    """The module of what is done on a page."""
    return TYPES.get(page.type) or KINDS[page.kind]


def _visited(token: str) -> Visit:
    g.visit = visit = links.opened(core(), token)
    g.application = visit.page.application
    return visit


def _asked(visit: Visit) -> Asked:
    if request.mimetype != FORM:
        raise Refusal("unsupported_media_type", "this is no form of ours")
    try:
        told = dict(parse_qsl(raw_body().decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise Refusal("invalid_json", "this form can't be read") from None
    return Asked(visit, told, fresh_operation())


def _own_page() -> None:
    """Refuses a form that another site sent; browsers say where a request comes from, and no script can."""
    site, origin = request.headers.get("Sec-Fetch-Site", "same-origin"), request.headers.get("Origin")
    ours = {request.host, urlsplit(core().public_url).netloc} - {""}  # `null` names no host, nor does an unset address
    if site not in ("same-origin", "none") or (origin is not None and origin.partition("://")[2] not in ours):
        raise Refusal("forbidden", "this form was sent by another site")
