"""Proofs of approvals."""

from typing import Any

import jwt
import pytest

from otp_service.domain.keys import KeyRing
from otp_service.domain.proof import claims, claims_of_check, jwks, read, sign

OLD, NEW = KeyRing({"k1": b"a" * 32}), KeyRing({"k2": b"b" * 32, "k1": b"a" * 32})
NOW = 4_102_444_800_123  # 2100: proofs are judged by today's clock


def claimed(**more: Any) -> dict[str, Any]:
    given = {
        "issuer": "https://otp.example",
        "application": "app_1",
        "test": False,
        "verification": "ver_1",
        "approved_ms": NOW,
        "purpose": "login",
        "channel": "sms",
        "user": "u1",
        "to": None,
    }
    return claims(**{**given, **more})


def checked(**more: Any) -> dict[str, Any]:
    given = {"issuer": "https://otp.example", "application": "app_1", "test": False, "factor": "fac_1", "type": "totp"}
    return claims_of_check(**{**given, "mark": "57", "at_ms": NOW, "user": "u1", **more})


def known(text: str, ring: KeyRing = NEW, at_s: int = NOW // 1000, **more: str) -> dict[str, Any] | None:
    whose = {"issuer": "https://otp.example", "application": "app_1", **more}
    return read(ring, text, now_s=at_s, **whose)


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


@pytest.mark.parametrize(
    ("type", "amr", "assurance"),
    [("totp", ["otp"], "totp"), ("hotp", ["otp"], "totp"), ("recovery_codes", ["otp"], "recovery")],
)
def test_a_proof_says_what_its_factor_is_worth(type: str, amr: list[str], assurance: str) -> None:
    """In words of RFC 8176, and in those of the policy's min_assurance."""
    found = verify(OLD, sign(OLD, checked(type=type)))
    assert (found["sub"], found["user"], found["amr"], found["assurance"]) == ("fac_1", "u1", amr, assurance)
    assert claimed()["assurance"] == "sms"


def test_one_use_of_a_factor_has_one_proof() -> None:
    """The same step of the same factor gives the same jti; another step or factor another one."""
    assert sign(OLD, checked()) == sign(OLD, checked())
    others = [checked(mark="58"), checked(factor="fac_2"), checked(factor="fac_15", mark="7"), claimed()]
    assert len({each["jti"] for each in [checked(), *others]}) == 5


def test_a_proof_tells_of_a_test_key() -> None:
    """What was approved for a test key says so, whoever reads it."""
    assert [claimed(test=test)["test"] for test in (True, False)] == [True, False]
    assert checked(test=True)["test"] is True


def test_its_maker_reads_a_proof() -> None:
    """Under any key of the ring, until its time is over by the clock that it is told."""
    text = sign(OLD, claimed())
    assert known(text) == known(text, at_s=NOW // 1000 + 299) == claimed()
    assert known(text, at_s=NOW // 1000 + 300) is None


def test_no_other_proof_is_read() -> None:
    """Of another key, application or service, unsigned, signed otherwise, cut, or none at all."""
    text = sign(OLD, claimed())
    head, body, seal = text.split(".")
    public = jwks(OLD)["keys"][0]["x"]
    bare = jwt.encode(claimed(), None, algorithm="none", headers={"kid": "k1"})
    confused = jwt.encode(claimed(), public, algorithm="HS256", headers={"kid": "k1"})
    odd = [
        f"{head}.{body}.",
        f"{head}.{body}",
        "",
        "x",
        "\ud800",
        "é.é.é",
        text + "A" * 4096,
        f"{head}.{body}.{seal[:-4]}",
    ]
    for each in (
        sign(KeyRing({"k1": b"z" * 32}), claimed()),
        sign(KeyRing({"k9": b"a" * 32}), claimed()),
        bare,
        confused,
    ):
        assert known(each) is None
    assert [known(each) for each in odd] == [None] * len(odd)
    assert known(text, application="app_2") is known(text, issuer="https://other.example") is None
