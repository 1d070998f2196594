"""Asking once more who they are before a dangerous act, and coming back to its form with what was typed."""

from typing import Any

from flask import Response, current_app, g, request
from werkzeug.datastructures import MultiDict

from otp_service.service.console import accounts, sessions
from otp_service.service.console.sessions import SignedIn
from otp_service.web.console import keyring, layout
from otp_service.web.console.registry import ROUTES, Route
from otp_service.web.context import core

TYPED = "typed."
# What nobody should find in the source of another page.
SECRET = frozenset({"password", "code", "note", "app_note", "credential"})


def ask(act: str, typed: MultiDict[str, str], status: int = 403) -> Response:
    """The page that asks, and carries what was typed."""
    who: SignedIn = g.who
    kept = [(name, value) for name, value in typed.items(multi=True) if name not in SECRET]
    ways = accounts.ways(core(), who.id)
    context: dict[str, Any] = {
        "title": "Is it still you?",
        "nav": "",
        "act": act,
        "kept": kept,
        "ways": ways,
        "there": request.form.get("from", ""),
    }
    if ways.passkeys:
        context |= keyring.asked(who.id)
    return layout.drawn("prove.html", context, status)


def carried() -> MultiDict[str, str]:
    """What the page that asked has carried."""
    found = [(name, value) for name, value in request.form.items(multi=True) if name.startswith(TYPED)]
    return MultiDict([(name.removeprefix(TYPED), value) for name, value in found])


def renew() -> str:
    """Notes the proof; the session's new token."""
    token = sessions.proved(core(), g.who)
    g.who = sessions.resume(core(), token)
    return token


def interrupted(path: str) -> tuple[Route, dict[str, str]]:
    """The act that was interrupted, by its path."""
    endpoint, args = current_app.url_map.bind("").match(path, method="POST")
    return next(route for route in ROUTES if route.endpoint == endpoint), dict(args)
