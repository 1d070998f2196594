"""The proof of an approval: a signed JWT (EdDSA) that a login flow verifies offline."""

from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from otp_service.domain.keys import KeyRing, b64, mac

LIFE_S = 300


@lru_cache(maxsize=32)
def _key(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def sign(ring: KeyRing, claims: dict[str, Any]) -> str:
    """The compact JWT under the newest key."""
    return jwt.encode(claims, _key(ring.key("proof", ring.current)), algorithm="EdDSA", headers={"kid": ring.current})


def claims(
    *,
    issuer: str,
    application: str,
    verification: str,
    approved_ms: int,
    purpose: str,
    channel: str,
    user: str | None,
    to: str | None,
) -> dict[str, Any]:
    """What is claimed: who approved what, when; the same approval always gives the same proof."""
    at = approved_ms // 1000
    found: dict[str, Any] = {
        "iss": issuer,
        "aud": application,
        "sub": verification,
        "jti": b64(mac(b"jti", verification)[:16]),
        "iat": at,
        "exp": at + LIFE_S,
        "purpose": purpose,
        "amr": ["otp", channel],
    }
    if user is not None:
        found["user"] = user
    if to is not None:
        found["phone_number"] = to
    return found


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
