"""The console's cookies: who is signed in, who is about to, what to say on the next page, and light or dark."""

import json
from dataclasses import dataclass

from flask import g, request
from werkzeug.wrappers import Response

from otp_service.domain.codes import same
from otp_service.domain.keys import b64, unb64
from otp_service.service.console import sessions
from otp_service.web.context import core

SESSION, VISITOR, FLASH, THEME = "otp_console", "otp_visitor", "otp_flash", "otp_theme"
FLASH_S = 120
YEAR_S = 365 * 24 * 3600
THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class Flash:
    """What the last act says on the next page."""

    text: str
    kind: str = "good"


def read(name: str) -> str:
    """A cookie's value, or nothing."""
    return request.cookies.get(_named(name), "")


def put(response: Response, name: str, value: str, *, max_age_s: int | None = None, strict: bool = True) -> None:
    """Gives a cookie; nothing but this origin's own pages ever sends it."""
    site = "Strict" if strict else "Lax"
    response.set_cookie(
        _named(name), value, max_age=max_age_s, path="/", secure=_secure(), httponly=True, samesite=site
    )


def drop(response: Response, name: str) -> None:
    """Takes a cookie back."""
    response.delete_cookie(_named(name), path="/", secure=_secure(), httponly=True, samesite="Strict")


def visitor() -> str:
    """What ties the forms of somebody who is not signed in to their browser."""
    token = g.get("visitor") or read(VISITOR)
    if len(token) < 40:
        token = sessions.new_token()
    g.visitor = token
    return str(token)


def put_flash(response: Response, flash: Flash, token: str) -> None:
    """Says something on the next page; tied to the session, so that no other site on this domain can put words here."""
    body = b64(json.dumps([flash.text, flash.kind]).encode())
    put(response, FLASH, f"{body}.{sessions.tied(token, 'flash', body)}", max_age_s=FLASH_S)


def flash(token: str) -> Flash | None:
    """What the last act says."""
    body, _, seal = read(FLASH).partition(".")
    if not body or not same(seal, sessions.tied(token, "flash", body)):
        return None
    return Flash(*json.loads(unb64(body)))


def theme() -> str:
    """Light, dark, or as the system has it."""
    found = read(THEME)
    return found if found in THEMES else "auto"


def _named(name: str) -> str:
    # The prefix makes browsers refuse a cookie that another host, or an http page, has put there.
    return f"__Host-{name}" if _secure() else name


def _secure() -> bool:
    return core().production or request.is_secure
