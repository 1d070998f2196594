"""Vonage's signatures: `sig` over the fields of the SMS API, and JWTs of the Messages API.

Sources: concepts/guides/signing-messages and messages/concepts/signed-webhooks of Vonage's documentation; `auth.py`
of the SDK (vonage-http-client 1.5), `jwt.py` and `verify_jwt.py` (vonage-jwt 1.1), which the tests ask both ways. The
SDK checks neither the age nor the hash of the payload; here both are checked.
"""

import base64
import binascii
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from otp_service.domain.messages import Callback
from otp_service.providers.base import json_of

Method = Literal["md5_hash", "md5_hmac", "sha1_hmac", "sha256_hmac", "sha512_hmac"]
TOLERANCE_S = 300
LIFE_S = 900  # of a JWT of ours, as the SDK has it
DIGESTS = {"md5_hmac": "md5", "sha1_hmac": "sha1", "sha256_hmac": "sha256", "sha512_hmac": "sha512"}


def signature(fields: Mapping[str, str], secret: str, method: Method) -> str:
    """The `sig` of these fields."""
    safe = {name: value.replace("&", "_").replace("=", "_") for name, value in fields.items()}
    text = "".join(f"&{name}={safe[name]}" for name in sorted(safe)).encode("utf-8", "replace")
    if method == "md5_hash":
        return hashlib.md5(text + secret.encode(), usedforsecurity=False).hexdigest()
    return hmac.new(secret.encode(), text, DIGESTS[method]).hexdigest()


def is_signed(fields: Mapping[str, str], secret: str, method: Method, now: float) -> bool:
    """True if `sig` is right, and `timestamp` is at most five minutes away."""
    given = fields.get("sig", "").lower()
    rest = {name: value for name, value in fields.items() if name != "sig"}
    # Names are signed as they are: with `&` or `=` in one, other fields would have the same signature.
    if any("&" in name or "=" in name for name in rest) or not _is_fresh(rest.get("timestamp"), now):
        return False
    wanted = signature(rest, secret, method)
    return hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace"))


def application_token(key: RSAPrivateKey, application: str, message: str, now: float) -> str:
    """The JWT that a request of the Messages API goes out with; its id comes from the message and the time."""
    issued = int(now)
    claims = {
        "application_id": application,
        "iat": issued,
        "exp": issued + LIFE_S,
        "jti": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{application}/{message}/{now!r}")),
    }
    return jwt.encode(claims, key, algorithm="RS256")


def is_of_account(callback: Callback, secret: str, api_key: str, now: float) -> bool:
    """True if the JWT is signed with the account's secret, names its key and this very body, and is fresh."""
    scheme, _, token = callback.headers.get("authorization", "").partition(" ")
    claims = _claims(token.strip(), secret) if scheme.lower() == "bearer" else None
    if claims is None or claims.get("api_key") != api_key or not _is_fresh(claims.get("iat"), now):
        return False
    told = claims.get("payload_hash")
    found = hashlib.sha256(callback.body).hexdigest()
    return isinstance(told, str) and hmac.compare_digest(found.encode(), told.lower().encode("utf-8", "replace"))


def _claims(token: str, secret: str) -> dict[str, Any] | None:
    """What a JWT signed by HS256 claims; None if it isn't one.

    By hand, since PyJWT reads the machine's clock and warns of secrets under 32 bytes, which Vonage gives out.
    """
    signed, _, given = token.rpartition(".")
    head, _, payload = signed.partition(".")
    header = json_of(_decoded(head))
    if not isinstance(header, dict) or header.get("alg") != "HS256" or "crit" in header:
        return None
    wanted = hmac.new(secret.encode(), signed.encode("utf-8", "replace"), hashlib.sha256).digest()
    if not hmac.compare_digest(wanted, _decoded(given)):
        return None
    found = json_of(_decoded(payload))
    return found if isinstance(found, dict) else None


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _is_fresh(told: object, now: float) -> bool:
    """True for a time in whole seconds that is at most five minutes away."""
    if isinstance(told, str) and told.isascii() and told.isdigit() and len(told) < 12:
        told = int(told)
    return isinstance(told, int) and not isinstance(told, bool) and abs(now - told) <= TOLERANCE_S
