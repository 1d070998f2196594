"""One's own account: how one signs in, where one is signed in, and the way out."""

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from otp_service.domain.errors import Refusal
from otp_service.service.admin.fields import words
from otp_service.service.console import accounts, own, sessions
from otp_service.web.console import PATH, cookies, enrolment, keyring
from otp_service.web.console.frame import act, back, core, page, render, signed_in

NEW_APP = "new app"


@page("/profile", title="Profile")
def profile() -> Response:
    """How one signs in, and where one is."""
    who = signed_in()
    mine = own.account(core(), who)
    return render(
        "profile.html",
        sessions=sessions.others(core(), who),
        this=who.session.token_hash,
        ways=accounts.ways(core(), who.id),
        passkeys=keyring.library().of(core(), who.id),
        **keyring.asked_for_new(mine),
    )


@act("/profile/password", role="viewer", proof=True, shows=profile)
def change_password() -> AnyResponse:
    """Puts another password in place."""
    own.change_password(core(), signed_in(), request.form.get("password", ""))
    return back("Your password is another one now; your other sessions have ended.")


@page("/profile/app", title="Another authenticator app")
def new_app() -> Response:
    """Shows the key of another app, for who signs in by one."""
    who = signed_in()
    if not accounts.ways(core(), who.id).password:
        raise Refusal("conflict", own.NO_APP)
    return render("app.html", **enrolment.shown(NEW_APP, who.token, who.name))


@act("/profile/app/begin", role="viewer", proof=True, shows=profile)
def begin_app() -> AnyResponse:
    """Asks who it is before anything is scanned, since a proof afterwards would mean another key."""
    return back(to=f"{PATH}/profile/app")


@act("/profile/app", role="viewer", proof=True, shows=new_app)
def change_app() -> AnyResponse:
    """Puts another app in place."""
    secret = enrolment.told(NEW_APP, signed_in().token)
    own.change_app(core(), signed_in(), secret, request.form.get("code", ""))
    return back("Your codes come from the new app now; your other sessions have ended.", to=f"{PATH}/profile")


@act("/profile/passkeys", role="viewer", proof=True, shows=profile)
def add_passkey() -> AnyResponse:
    """Adds a passkey."""
    name = words("name", request.form.get("name", "").strip(), least=1, most=64)
    mine = own.account(core(), signed_in())
    keyring.library().add(core(), keyring.site(), keyring.given(), mine, name)
    return back("The passkey is added.")


@act("/profile/passkeys/remove", role="viewer", proof=True, shows=profile)
def remove_passkey() -> AnyResponse:
    """Forgets a passkey."""
    who = signed_in()
    keyring.library().remove(core(), own.account(core(), who), request.form.get("id", ""), who.session.token_hash)
    return back("The passkey is forgotten; your other sessions have ended.")


@act("/profile/sessions/end", role="viewer")
def end_sessions() -> AnyResponse:
    """Ends every other session of one's own."""
    sessions.end_others(core(), signed_in())
    return back("Your other sessions have ended.")


@act("/sign-out", role="viewer")
def sign_out() -> AnyResponse:
    """Ends this session."""
    sessions.end(core(), signed_in())
    response = back(to=f"{PATH}/sign-in")
    cookies.drop(response, cookies.SESSION)
    return response
