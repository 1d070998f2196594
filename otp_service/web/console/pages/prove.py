"""Proving once more who one is, and going on with what was interrupted."""

from flask import g, request
from werkzeug.wrappers import Response as AnyResponse

from otp_service.domain.errors import Refusal
from otp_service.service.console import sign_in
from otp_service.web.console import cookies, guard, proofs
from otp_service.web.console.frame import act, back, core, signed_in

GO_ON = "That was you. Look once more at what follows, and press again."


@act("/prove", role="viewer")
def with_password() -> AnyResponse:
    """By the password and the code of an app."""
    told = request.form
    try:
        sign_in.by_password(
            core(), signed_in().name, told.get("password", ""), told.get("code", ""), act="admin.proved"
        )
    except Refusal as refusal:
        g.refusal, g.typed = refusal, proofs.carried()
        return proofs.ask(told.get("act", ""), proofs.carried(), refusal.status)
    return proven()


def proven() -> AnyResponse:
    """Back to the form that was interrupted, with what was typed, in a session of a new token."""
    token = proofs.renew()
    route, args = proofs.interrupted(request.form.get("act", ""))
    if route.shows is None:
        response = back(GO_ON, kind="note")
    else:
        g.notice = GO_ON
        response = guard.again(route, args, proofs.carried(), 200)
    cookies.put(response, cookies.SESSION, token)
    return response
