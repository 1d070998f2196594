"""One's own account: how one signs in, where one is signed in, and the way out."""

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from otp_service.service.admin.fields import words
from otp_service.service.console import accounts, own, sessions
from otp_service.web.console import PATH, cookies, keyring
from otp_service.web.console.frame import act, back, core, page, render, signed_in


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
    keyring.library().remove(core(), own.account(core(), signed_in()), request.form.get("id", ""))
    return back("The passkey is forgotten.")


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
