"""Vonage's signatures: `sig` over the fields of the SMS API, and JWTs of the Messages API.

Sources: concepts/guides/signing-messages and messages/concepts/signed-webhooks of Vonage's documentation; `auth.py`
of the SDK (vonage-http-client 1.5), `jwt.py` and `verify_jwt.py` (vonage-jwt 1.1), which the tests ask both ways. The
SDK checks neither the age nor the hash of the payload; here both are checked.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from otp_service.domain.messages import Callback
from otp_service.providers.proofs import claims_of, is_fresh, same

Method = Literal["md5_hash", "md5_hmac", "sha1_hmac", "sha256_hmac", "sha512_hmac"]
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
    if any("&" in name or "=" in name for name in rest) or not is_fresh(rest.get("timestamp"), now):
        return False
    wanted = signature(rest, secret, method)
    return same(given, wanted)


def application_token(key: RSAPrivateKey, application: str, message: str, now: float) -> str:
    """The JWT that a request of the Messages API goes out with; its id comes from the message and the time."""
    issued = int(now)
    claims = {
        "application_id": application,
        "iat": issued,
        "exp": issued + LIFE_S,
        "jti": _token_id(application, message, now),
    }
    return jwt.encode(claims, key, algorithm="RS256")


def _token_id(*told: object) -> str:
    """A name in the form of a UUID, the same for the same message and time."""
    digits = hashlib.sha256(repr(told).encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def is_of_account(callback: Callback, secret: str, api_key: str, now: float) -> bool:
    """True if the JWT is signed with the account's secret, names its key and this very body, and is fresh."""
    scheme, _, token = callback.headers.get("authorization", "").partition(" ")
    claims = claims_of(token.strip(), secret) if scheme.lower() == "bearer" else None
    if claims is None or claims.get("api_key") != api_key or not is_fresh(claims.get("iat"), now):
        return False
    told = claims.get("payload_hash")
    return isinstance(told, str) and same(told.lower(), hashlib.sha256(callback.body).hexdigest())
