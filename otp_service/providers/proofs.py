"""What proves one side to the other: a password, a secret, a fresh time, a signed token.

Sources: Basic by RFC 7617; tokens by RFC 7515, sections 4.1.11 and 5.2, and RFC 7518, section 3.2.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Any

from otp_service.providers.answers import json_of

TOLERANCE_S = 300
DIGESTS: Mapping[str, str] = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


def basic(user: str, password: str) -> str:
    """The value of Authorization for a name, which holds no colon, and a password."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def same(given: str, wanted: str | bytes) -> bool:
    """True if both are the same; the time that it takes says nothing about either."""
    secret = wanted if isinstance(wanted, bytes) else wanted.encode("utf-8", "replace")
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret)


def is_fresh(told: object, now: float) -> bool:
    """True for whole seconds since 1970, as a number or in digits, that are at most five minutes away."""
    if isinstance(told, str) and told.isascii() and told.isdigit() and len(told) < 12:
        told = int(told)
    if not isinstance(told, int) or isinstance(told, bool):
        return False
    return now - TOLERANCE_S <= told <= now + TOLERANCE_S  # compared, not subtracted: no float holds a huge number


def claims_of(token: str, secret: str, algorithms: tuple[str, ...] = ("HS256",)) -> dict[str, Any] | None:
    """What a JWT with a right MAC claims, be it in force or not; None if it isn't one.

    By hand, since PyJWT reads the machine's clock and warns of secrets under 32 bytes, which vendors give out.
    """
    signed, _, given = token.rpartition(".")
    head, _, payload = signed.partition(".")
    header = json_of(_decoded(head))
    algorithm = header.get("alg") if isinstance(header, dict) and "crit" not in header else None
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        return None
    wanted = hmac.digest(secret.encode(), signed.encode("utf-8", "replace"), DIGESTS[algorithm])
    if not hmac.compare_digest(wanted, _decoded(given)):
        return None
    found = json_of(_decoded(payload))
    return found if isinstance(found, dict) else None


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
