"""The proof of an approval: a signed JWT (EdDSA) that a login flow verifies offline."""

from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from otp_service.domain.keys import KeyRing, b64, mac

LIFE_S = 300
MOST_CHARACTERS = 4096
# What a factor is worth, in the words of policy.min_assurance; recovery codes stand for a lost one, and so below all.
ASSURANCE = {"sms": "sms", "totp": "totp", "hotp": "totp", "recovery_codes": "recovery"}
# RFC 8176 knows `sms`, and `otp` for one-time passwords such as those of RFC 4226 and RFC 6238. It has no word for
# recovery codes, which are one-time passwords too: `assurance` tells them apart.
AMR = {"sms": ["otp", "sms"], "totp": ["otp"], "hotp": ["otp"], "recovery_codes": ["otp"]}
LEVELS = ("recovery", "sms", "totp", "webauthn")
REQUIRED = ("iss", "aud", "sub", "jti", "iat", "exp")


def suffices(assurance: str, least: str) -> bool:
    """Whether a proof is worth what a policy asks for."""
    return LEVELS.index(assurance) >= LEVELS.index(least)


@lru_cache(maxsize=32)
def _key(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def sign(ring: KeyRing, claims: dict[str, Any]) -> str:
    """The compact JWT under the newest key."""
    return jwt.encode(claims, _key(ring.key("proof", ring.current)), algorithm="EdDSA", headers={"kid": ring.current})


def read(
    ring: KeyRing, text: str, *, issuer: str, application: str, now_s: int, most: int = MOST_CHARACTERS
) -> dict[str, Any] | None:
    """What a proof of this service for this application claims; None if it is forged, foreign or over."""
    try:
        kid = jwt.get_unverified_header(text).get("kid") if text.isascii() and len(text) <= most else None
        if kid not in ring.kids:
            return None
        found: dict[str, Any] = jwt.decode(
            text,
            _key(ring.key("proof", kid)).public_key(),
            algorithms=["EdDSA"],
            audience=application,
            issuer=issuer,
            # The library would ask its host for the time.
            options={"require": list(REQUIRED), "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except jwt.PyJWTError:
        return None
    return found if now_s < found["exp"] else None


def claims(
    *,
    issuer: str,
    application: str,
    test: bool,
    verification: str,
    approved_ms: int,
    purpose: str,
    channel: str,
    user: str | None,
    to: str | None,
) -> dict[str, Any]:
    """What is claimed: who approved what, when; the same approval always gives the same proof."""
    found = _claims(issuer, application, test, verification, b64(mac(b"jti", verification)[:16]), approved_ms, channel)
    found["purpose"] = purpose
    if user is not None:
        found["user"] = user
    if to is not None:
        found["phone_number"] = to
    return found


def claims_of_check(
    *, issuer: str, application: str, test: bool, factor: str, type: str, mark: str, at_ms: int, user: str
) -> dict[str, Any]:
    """What is claimed of a factor's code: whose it was, and when; `mark` names what it used up, which no other does."""
    jti = b64(mac(b"jti", factor, mark)[:16])
    return {**_claims(issuer, application, test, factor, jti, at_ms, type), "user": user}


def _claims(
    issuer: str, application: str, test: bool, subject: str, jti: str, at_ms: int, method: str
) -> dict[str, Any]:
    at = at_ms // 1000
    return {
        "iss": issuer,
        "aud": application,
        "sub": subject,
        "jti": jti,
        "iat": at,
        "exp": at + LIFE_S,
        "amr": AMR[method],
        "assurance": ASSURANCE[method],
        "test": test,
    }


def jwks(ring: KeyRing) -> dict[str, Any]:
    """The public keys of the whole ring (RFC 8037), newest first."""
    return {
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "use": "sig",
                "alg": "EdDSA",
                "kid": kid,
                "x": b64(_public(ring.key("proof", kid))),
            }
            for kid in ring.kids
        ]
    }


def _public(seed: bytes) -> bytes:
    return _key(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
