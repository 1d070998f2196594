"""Twilio's signatures on its callbacks: who signed, over which text.

Sources: twilio.com/docs/usage/webhooks/webhooks-security and .../webhook-shared-keys, and `request_validator.py` of the
SDK (9.13), which the tests ask both ways.
"""

import base64
import hashlib
import hmac
from urllib.parse import parse_qs, urlsplit

from otp_service.domain.messages import Callback
from otp_service.providers.forms import form_of
from otp_service.providers.proofs import same

ALGORITHMS = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}


def is_signed(callback: Callback, auth_token: str, webhook_key: str | None) -> bool:
    """True if the callback is signed over its URL and its form, or over its URL and the hash of its JSON."""
    signature = callback.headers.get("x-twilio-signature", "")
    signer = _signer(callback.headers.get("x-twilio-webhooks-signature-settings", ""), auth_token, webhook_key)
    suffix = _signed_body(callback)
    if not signature or signer is None or suffix is None:
        return False
    wanted = [_signature(url + suffix, *signer) for url in _spellings(callback.url)]
    # A list, so that both are compared to their end whatever the first says.
    return any([same(signature, one) for one in wanted])  # noqa: C419


def _signature(text: str, secret: str, algorithm: str) -> bytes:
    mac = hmac.new(secret.encode(), text.encode("utf-8", "replace"), ALGORITHMS[algorithm])
    return base64.b64encode(mac.digest())


def _signer(settings: str, auth_token: str, webhook_key: str | None) -> tuple[str, str] | None:
    """The secret and algorithm that the settings header asks for; None if we have no such thing.

    Without an algorithm in it, it is SHA-1 with the auth token. One that we can't honour fails, it never falls back.
    """
    named = dict(part.strip().split("=", 1) for part in settings.split(",") if "=" in part)
    algorithm = named.get("algorithm", "").strip().upper()
    if not algorithm:
        return auth_token, "HMAC_SHA1"
    return (webhook_key, algorithm) if webhook_key and algorithm in ALGORITHMS else None


def _signed_body(callback: Callback) -> str | None:
    """What the body adds to the signed text: a form its sorted fields, JSON nothing since its hash is in the URL.

    None for a body that no signature covers.
    """
    if not callback.body:
        return ""
    fields = form_of(callback)
    if fields is not None:
        return "".join(name + value for name, value in sorted(set(fields)))
    told = parse_qs(urlsplit(callback.url).query).get("bodySHA256", [""])[0]
    return "" if same(told, hashlib.sha256(callback.body).hexdigest()) else None


def _spellings(url: str) -> list[str]:
    """The URL without a port and with one: Twilio signs now one, now the other (twilio-python#392)."""
    # Not by geturl(), which rewrites an empty query or path: the signature is over the exact text.
    scheme, _, rest = url.partition("//")
    netloc = urlsplit(url).netloc
    bare, colon, port = netloc.rpartition(":")
    if not (colon and port.isdigit()):
        bare, port = netloc, "443" if scheme == "https:" else "80"
    tail = rest[len(netloc) :]
    return [f"{scheme}//{bare}{tail}", f"{scheme}//{bare}:{port}{tail}"]
