"""The way in."""

from urllib.parse import urlsplit

from flask import Response, current_app, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from otp_service.domain.single_sign_on import SingleSignOn
from otp_service.service.console import accounts, sessions, sign_in
from otp_service.web.console import cookies, keyring
from otp_service.web.console.frame import act, core, page, render
from otp_service.web.console.inside import ours
from otp_service.web.parsing import client_address


@page("/sign-in", title="Sign in", role=None)
def show() -> Response:
    """Asks who they are."""
    return render("sign_in.html", next=ours(request.values.get("next", "")), sso=_sso(), **keyring.asked())


@act("/sign-in", role=None, shows=show)
def with_password() -> AnyResponse:
    """By name, password and the code of an app."""
    told = request.form
    account = sign_in.by_password(core(), told.get("name", ""), told.get("password", ""), told.get("code", ""))
    return entered(account.id, told.get("next", ""))


@act("/sign-in/passkey", role=None, shows=show)
def with_passkey() -> AnyResponse:
    """By a passkey, which is enough."""
    account = keyring.library().prove(core(), keyring.site(), keyring.given())
    return entered(account.id, request.form.get("next", ""))


@page("/enter/<ticket>", title="Sign in", role=None)
def enter(ticket: str) -> AnyResponse:
    """By the link that `otp-service dev` prints."""
    return entered(accounts.enter(core(), ticket).id, "", proven_for_good=True)


def _sso() -> str | None:
    """The host of the provider of identities, if there is one."""
    known: SingleSignOn | None = current_app.extensions["single_sign_on"]
    return urlsplit(known.issuer).hostname if known else None


def entered(admin_id: str, there: str, *, proven_for_good: bool = False) -> AnyResponse:
    """A session, and the page they wanted; what they had before ends, so that nobody can have prepared it."""
    old = sessions.resume(core(), cookies.read(cookies.SESSION))
    if old is not None:
        sessions.end(core(), old)
    token = sessions.begin(
        core(), admin_id, client_address(), request.headers.get("User-Agent", ""), proven_for_good=proven_for_good
    )
    response = redirect(ours(there), 303)
    cookies.put(response, cookies.SESSION, token)
    cookies.drop(response, cookies.VISITOR)
    return response
