"""How the console draws: a template in the frame of its page, with who is signed in and where they are."""

from collections.abc import Mapping
from typing import Any

from flask import Response, g, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from otp_service.domain.errors import Refusal
from otp_service.web.console import PATH, cookies
from otp_service.web.console.inside import ours
from otp_service.web.console.registry import NAV, Route, entrance, may
from otp_service.web.context import core

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
# Only in production, where its cookies travel by TLS alone (RFC 6797).
TLS_ALONE = {"Strict-Transport-Security": "max-age=31536000"}
SERVER_ERRORS = 500
# Titles of refusals where whoever reads is a person at a console.
TITLES = {
    "unauthenticated": "Please sign in",
    "forbidden": "That is not for you to do",
    "not_found": "There is nothing here",
    "unavailable": "This can't be answered now",
    "internal": "Something went wrong here",
}


def drawn(name: str, context: Mapping[str, Any], status: int = 200) -> Response:
    """A template as a page."""
    route: Route | None = g.get("route")
    who = g.get("who")
    token = g.secret()
    frame = {
        "title": route.title if route else "",
        "nav": route.nav if route else "",
        "menu": menu(who.role) if who else [],
        "may_find": entrance("Find") is not None,
        "admin": who,
        "csrf": g.csrf_token(),
        "here": here(),
        "flash": cookies.flash(token),
        "theme": cookies.theme(),
        "application": g.get("application_id"),
        "applications": applications(),
        "typed": g.get("typed", MultiDict()),
        "notice": g.get("notice"),
        "refusal": g.get("refusal"),
        "errors": errors(g.get("refusal")),
    }
    response = Response(render_template(name, **(frame | dict(context))), status)
    if cookies.read(cookies.FLASH) and status < SERVER_ERRORS:  # else the next page says it
        cookies.drop(response, cookies.FLASH)
    if who is None:
        cookies.put(response, cookies.VISITOR, cookies.visitor())
    return response


def menu(role: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """The navigation of a role: groups of entries and where they lead."""
    found = []
    for group, names in NAV:
        leading = ((name, entrance(name)) for name in names)
        entries = [(name, PATH + route.rule) for name, route in leading if route and may(role, route.role)]
        if entries:
            found.append((group, entries))
    return found


def here() -> str:
    """The page that whoever acts comes back to."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    try:
        return request.form.get("from", PATH)
    except HTTPException:  # the body is too large to be read
        return PATH


def applications() -> list[tuple[str, str]]:
    """Every application's id and name, by name."""
    found = core().snapshot().applications.values()
    return sorted(((each.id, each.name) for each in found), key=lambda each: each[1])


def errors(refusal: Refusal | None) -> dict[str, str]:
    """What is wrong, by field."""
    return {each["field"]: each["detail"] for each in refusal.errors} if refusal else {}


def problem(refusal: Refusal) -> Response:
    """A refusal as a page."""
    g.route, g.problem = None, refusal.code
    told = {
        "title": TITLES.get(refusal.code, refusal.title),
        "refusal": refusal,
        "request_id": g.request_id,
        "again": ours(here()) if refusal.code == "unavailable" else "",
        "is_kept": bool(cookies.read(cookies.SESSION)),
    }
    response = drawn("problem.html", told, refusal.status)
    response.headers.extend(refusal.headers)
    if refusal.retry_after_s is not None:
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    return response
