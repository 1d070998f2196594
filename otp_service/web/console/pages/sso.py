"""Single sign-on: the way to the provider of identities, and back."""

from importlib import import_module
from typing import Any

from flask import Response, current_app, redirect, request
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Response as AnyResponse

from otp_service.domain.errors import Refusal
from otp_service.domain.single_sign_on import SingleSignOn
from otp_service.service.console import sessions
from otp_service.web.console import PATH, cookies
from otp_service.web.console.frame import core, page, render
from otp_service.web.console.inside import ours
from otp_service.web.parsing import client_address

COOKIE = "otp_sso"
COOKIE_S = 600


@page("/sso", title="Sign in", role=None)
def leave() -> AnyResponse:
    """Goes to the provider. A link, not a form: its policy lets forms lead nowhere else, redirects included."""
    there, afresh = ours(request.args.get("next", "")), "again" in request.args
    before = cookies.read(cookies.SESSION)
    begun = _library().begin(core(), _known(), _returns_to(), there, afresh=afresh, before=before)
    response = redirect(begun.url, 303)
    cookies.put(response, COOKIE, begun.note, max_age_s=COOKIE_S, strict=False)
    return response


@page("/sso/back", title="Signed in", role=None)
def come_back() -> Response:
    """A session for who came back.

    A page that leads on, not a redirect: browsers send strict cookies only where a page of ours has led.
    """
    told = request.args
    found = _library().finish(
        core(), _known(), _returns_to(), cookies.read(COOKIE), told.get("state", ""), told.get("code", "")
    )
    sessions.end_of(core(), found.before)
    agent = request.headers.get("User-Agent", "")
    token = sessions.begin(core(), found.account.id, client_address(), agent, proven=found.proven)
    there = ours(found.there)
    response = render("sso_back.html", there=there)
    response.headers["Refresh"] = f"0; url={iri_to_uri(there)}"
    cookies.drop(response, COOKIE)
    cookies.put(response, cookies.SESSION, token)
    return response


def _known() -> SingleSignOn:
    known: SingleSignOn | None = current_app.extensions["single_sign_on"]
    if known is None:
        raise Refusal("not_found", "single sign-on is not set up")
    return known


def _returns_to() -> str:
    base = core().public_url if core().production else request.host_url.rstrip("/")
    return f"{base}{PATH}/sso/back"


def _library() -> Any:
    return import_module("otp_service.service.console.oidc")
