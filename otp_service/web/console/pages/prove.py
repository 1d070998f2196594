"""Proving once more who one is, and going on with what was interrupted."""

from collections.abc import Callable

from flask import g, request
from werkzeug.wrappers import Response as AnyResponse

from otp_service.domain.errors import Refusal
from otp_service.service.console import sign_in
from otp_service.web.console import cookies, guard, keyring, proofs
from otp_service.web.console.frame import act, back, core, signed_in

PROVED = "admin.proved"
GO_ON = "That was you. Look once more at what follows, and press again."


@act("/prove", role="viewer")
def with_password() -> AnyResponse:
    """By the password and the code of an app."""
    told, name = request.form, signed_in().name
    return _proven_by(
        lambda: sign_in.by_password(core(), name, told.get("password", ""), told.get("code", ""), act=PROVED)
    )


@act("/prove/passkey", role="viewer")
def with_passkey() -> AnyResponse:
    """By a passkey."""
    library, owner = keyring.library(), signed_in().id
    return _proven_by(lambda: library.prove(core(), keyring.site(), keyring.given(), act=PROVED, owner=owner))


def _proven_by(proof: Callable[[], object]) -> AnyResponse:
    try:
        proof()
    except Refusal as refusal:
        g.refusal = refusal
        return proofs.ask(request.form.get("act", ""), proofs.carried(), refusal.status)
    return proven()


def proven() -> AnyResponse:
    """Back to the form that was interrupted, with what was typed, in a session of a new token."""
    route, args = proofs.interrupted(request.form.get("act", ""))
    guard.admit(route)
    token = proofs.renew()
    if route.shows is None:
        response = back(GO_ON, kind="note")
    else:
        g.notice = GO_ON
        response = guard.again(route, args, proofs.carried(), 200)
    cookies.put(response, cookies.SESSION, token)
    return response
