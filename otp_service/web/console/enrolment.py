"""Taking up an authenticator app: its key, drawn and written, meanwhile kept in a note that the browser carries."""

from typing import Any

from flask import request
from markupsafe import Markup

from otp_service.service.console import notes, totp
from otp_service.web.context import core

NOTE = "app_note"


def shown(purpose: str, token: str, name: str) -> dict[str, Any]:
    """What a page shows of a new app; the same again if its form was refused, so that nothing is scanned anew."""
    note = request.form.get(NOTE) or notes.write(core(), purpose, token, secret=totp.new_secret())
    secret = _opened(purpose, token, note)
    qr = Markup(totp.qr_svg(secret, name))  # noqa: S704 - drawn by segno of a URI that it encodes
    return {"note": note, "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)), "qr": qr}


def told(purpose: str, token: str) -> str:
    """The key of the app whose code was typed."""
    return _opened(purpose, token, request.form.get(NOTE, ""))


def _opened(purpose: str, token: str, note: str) -> str:
    secret: str = notes.read(core(), purpose, token, note)["secret"]
    return secret
