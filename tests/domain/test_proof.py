"""Proofs of approvals."""

from typing import Any

import jwt
import pytest

from otp_service.domain.keys import KeyRing
from otp_service.domain.proof import claims, jwks, sign

OLD, NEW = KeyRing({"k1": b"a" * 32}), KeyRing({"k2": b"b" * 32, "k1": b"a" * 32})
NOW = 4_102_444_800_123  # 2100: proofs are judged by today's clock


def claimed(**more: Any) -> dict[str, Any]:
    given = {
        "issuer": "https://otp.example",
        "application": "app_1",
        "verification": "ver_1",
        "approved_ms": NOW,
        "purpose": "login",
        "channel": "sms",
        "user": "u1",
        "to": None,
    }
    return claims(**{**given, **more})


def verify(ring: KeyRing, token: str, audience: str = "app_1") -> dict[str, Any]:
    keys = jwt.PyJWKSet.from_dict(jwks(ring))
    key = keys[jwt.get_unverified_header(token)["kid"]]
    options = {"verify_iat": False}
    return jwt.decode(
        token, key, algorithms=["EdDSA"], audience=audience, issuer="https://otp.example", options=options
    )


def test_a_proof_is_verified_offline_from_the_published_keys() -> None:
    """A JWT library and /.well-known/jwks.json are enough."""
    found = verify(OLD, sign(OLD, claimed()))
    assert (found["sub"], found["purpose"], found["user"], found["amr"]) == ("ver_1", "login", "u1", ["otp", "sms"])
    assert (found["iat"], found["exp"]) == (NOW // 1000, NOW // 1000 + 300)


def test_the_same_approval_has_the_same_proof() -> None:
    """Whoever asks again gets the same jti and iat, so a proof can be accepted once."""
    assert sign(OLD, claimed()) == sign(OLD, claimed())
    assert claimed()["jti"] != claimed(verification="ver_2")["jti"]


def test_proofs_outlive_a_rotation() -> None:
    """The keys of the whole ring are published, newest first."""
    assert verify(NEW, sign(OLD, claimed()))["sub"] == "ver_1"
    assert [key["kid"] for key in jwks(NEW)["keys"]] == ["k2", "k1"]


def test_no_private_key_is_published() -> None:
    """The set holds public Ed25519 keys only."""
    assert all(set(key) == {"kty", "crv", "use", "alg", "kid", "x"} for key in jwks(NEW)["keys"])


def test_a_proof_is_for_its_application_only() -> None:
    """Another audience refuses it."""
    with pytest.raises(jwt.InvalidAudienceError):
        verify(OLD, sign(OLD, claimed()), audience="app_2")


def test_a_changed_proof_is_no_proof() -> None:
    """A proof of another key does not verify."""
    forged = sign(KeyRing({"k1": b"z" * 32}), claimed())
    with pytest.raises(jwt.InvalidSignatureError):
        verify(OLD, forged)


def test_the_number_and_the_user_are_claimed_only_if_known() -> None:
    """No number without the policy's word, no user where none was given."""
    assert "phone_number" not in claimed()
    assert claimed(to="+41791234567")["phone_number"] == "+41791234567"
    assert "user" not in claimed(user=None)
