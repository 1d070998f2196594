"""One's own account: sessions, and the way out."""

from flask import Response
from werkzeug.wrappers import Response as AnyResponse

from otp_service.service.console import sessions
from otp_service.web.console import PATH, cookies
from otp_service.web.console.frame import act, back, core, page, render, signed_in


@page("/profile", title="Profile")
def profile() -> Response:
    """Who is signed in, and where else they are."""
    return render("profile.html", sessions=sessions.others(core(), signed_in()))


@act("/sign-out", role="viewer")
def sign_out() -> AnyResponse:
    """Ends this session."""
    sessions.end(core(), signed_in())
    response = back(to=f"{PATH}/sign-in")
    cookies.drop(response, cookies.SESSION)
    return response


@act("/profile/sessions/end", role="viewer")
def end_sessions() -> AnyResponse:
    """Ends every other session of one's own."""
    sessions.end_others(core(), signed_in())
    return back("Your other sessions have ended.")
