"""Plivo's signatures on its callbacks: V3 covers address, query and form; V2 the address alone.

Sources: `utils/signature_v3.py` and `utils/__init__.py` of the SDK (plivo 4.63), which the tests ask both ways. The
headers `-Ma-`, by which a main account signs for its subaccounts, are from memory.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from otp_service.domain.messages import Callback
from otp_service.providers.forms import form_of, query_of
from otp_service.providers.proofs import same

V3 = ("x-plivo-signature-v3", "x-plivo-signature-ma-v3")
V2 = ("x-plivo-signature-v2", "x-plivo-signature-ma-v2")


def is_signed(callback: Callback, auth_token: str, accept_v2: bool) -> bool:
    """True if one of the signatures is right; a wrong V3 is not made good by a V2."""
    if any(name in callback.headers for name in V3):
        text = _v3_text(callback)
        return text is not None and _is_among(callback, V3, text, auth_token)
    text = callback.url.partition("?")[0] + callback.headers.get("x-plivo-signature-v2-nonce", "")
    return accept_v2 and _is_among(callback, V2, text, auth_token)


def _is_among(callback: Callback, names: Sequence[str], text: str, auth_token: str) -> bool:
    mac = hmac.new(auth_token.encode(), text.encode("utf-8", "replace"), hashlib.sha256)
    wanted = base64.b64encode(mac.digest())
    given = [one for name in names for one in callback.headers.get(name, "").split(",")]
    # A list, so that all are compared to their end whatever the first says.
    return any([same(one, wanted) for one in given])  # noqa: C419


def _v3_text(callback: Callback) -> str | None:
    """What V3 signs; None for a body that it does not cover."""
    query = query_of(callback, "latin-1")  # as the SDK reads it
    form = form_of(callback) if callback.body else []
    nonce = callback.headers.get("x-plivo-signature-v3-nonce", "")
    if query is None or form is None or (callback.method == "GET" and form):
        return None
    address = callback.url.partition("?")[0]
    found = "&".join(f"{name}={value}" for name, value in sorted(query))
    if found or form:
        address += "?" + found
    if found and form:
        address += "."
    return address + "".join(name + value for name, value in sorted(form)) + "." + nonce
