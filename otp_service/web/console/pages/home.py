"""Where the console begins, and how it looks."""

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from otp_service.domain.errors import invalid_field
from otp_service.web.console import PATH, cookies
from otp_service.web.console.frame import act, back, page, render, signed_in
from otp_service.web.console.registry import NAV, entrance, may


@page("", title="Console")
def home() -> AnyResponse:
    """Leads to the first page there is for this admin."""
    leading = (entrance(name) for _, names in NAV for name in names)
    first = next((route for route in leading if route and may(signed_in().role, route.role)), None)
    return redirect(PATH + (first.rule if first else "/profile"), 303)


@page("/help", title="Keys and words")
def help() -> Response:
    """The keyboard's short cuts, and what the roles may."""
    return render("help.html")


@act("/theme", role=None)
def theme() -> AnyResponse:
    """Light, dark, or as the system has it."""
    wanted = request.form.get("theme", "")
    if wanted not in cookies.THEMES:
        raise invalid_field("theme", f"one of {', '.join(cookies.THEMES)}")
    response = back()
    cookies.put(response, cookies.THEME, wanted, max_age_s=cookies.YEAR_S)
    return response
