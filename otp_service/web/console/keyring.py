"""Passkeys in pages: what the browser is asked, and what it gave back."""

from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from flask import g, request

from otp_service.web.context import core


def library() -> Any:
    """The passkeys' stories, loaded when the first page asks for them."""
    return import_module("otp_service.service.console.passkeys")


def site() -> Any:
    """Where the console is: behind a proxy only the public URL tells."""
    known = core()
    origin = known.public_url if known.production and known.public_url else request.host_url.rstrip("/")
    parts = urlsplit(origin)
    return library().Site(f"{parts.scheme}://{parts.netloc}", parts.hostname or "")


def asked(admin_id: str = "") -> dict[str, str]:
    """What a page with a button for a passkey draws with."""
    found = library().ask(core(), site(), g.secret(), admin_id)
    return {"passkey_options": found.options, "passkey_note": found.note}


def asked_for_new(account: Any) -> dict[str, str]:
    """What a page with a button that makes a passkey draws with."""
    found = library().ask_for_new(core(), site(), g.secret(), account)
    return {"passkey_options": found.options, "passkey_note": found.note}


def given() -> Any:
    """What the browser gave back."""
    return library().Given(request.form.get("credential", ""), request.form.get("note", ""), g.secret())
