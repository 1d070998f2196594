"""What could be taken for something else: a page's result for a proof, a path for a name, the new for the forgotten."""

from urllib.parse import parse_qs, quote, urlsplit

import jwt
import pytest
from sqlalchemy import select

from otp_service.domain import proof
from otp_service.ledger.schema import factor_users
from tests.factor_world import (
    FactorWorld,
)
from tests.service.factors.proving import judged, remembered
from tests.web.pages import Person, allow, make, read, result_of


def test_a_result_of_a_page_is_never_taken_for_a_proof(quick: FactorWorld) -> None:
    """Who verifies proofs as the manual says refuses what a page ended with, of the same user too; so do we."""
    allow(quick, proof=True)
    quick.confirmed()
    somebody = Person.at(quick, make(quick, "check", user="u1"))
    response = somebody.send("leave")
    assert result_of(quick, response)["user"] == "u1"
    result = parse_qs(urlsplit(response.location).query)["result"][0]
    with pytest.raises(jwt.InvalidAudienceError):
        read(quick, result, audience="")
    whose = {"issuer": quick.core.public_url, "application": quick.shop, "now_s": quick.clock.now // 1000}
    assert proof.read(quick.core.ring, result, **whose) is None


def test_a_proof_of_the_release_before_is_no_proof_of_a_user(quick: FactorWorld) -> None:
    """It says neither what it is worth nor whose key asked: it is refused in words, and nothing fails."""
    quick.policy(proof=True)
    quick.confirmed()
    at = quick.clock.now // 1000
    told = {"iss": quick.core.public_url, "aud": quick.shop, "sub": "ver_x", "jti": "j", "iat": at, "exp": at + 300}
    old = proof.sign(quick.core.ring, {**told, "purpose": "login", "amr": ["otp", "sms"], "user": "u1"})
    asked = {"device_id": "phone-1", "proof": old}
    assert quick.factors.post("/v1/users/u1/devices", asked).json["code"] == "step_up_required"


def test_a_forgotten_user_is_trusted_on_no_device_under_the_same_name(owner: FactorWorld) -> None:
    """Whoever enrols under the name of somebody who was erased is new: their tokens, proofs and codes are of nobody."""
    made = owner.confirmed()
    codes = owner.enrolled(type="recovery_codes")["codes"]
    token = remembered(owner, made)
    assert judged(owner, token) == "trusted"
    with owner.core.engine.begin() as connection:
        index = connection.scalars(select(factor_users.c.user_index)).one()
    assert owner.admin.delete(f"/v1/admin/users/{index}").status_code == 200
    assert judged(owner, token) == "revoked"
    owner.confirmed()
    owner.enrolled(type="recovery_codes")
    assert judged(owner, token) == "revoked"
    assert (owner.verdict(owner.app_code(made)), owner.verdict(codes[0])) == ("wrong_code", "wrong_code")


@pytest.mark.parametrize("name", ["a/devices", "devices", "devices/devices", "a/devices/check", "a/devices/devices"])
def test_whoever_is_named_like_a_path_can_be_trusted_no_more(quick: FactorWorld, name: str) -> None:
    """To revoke all devices of a user is never taken for one device of another user."""
    made = quick.confirmed(name)
    asked = {"user": name, "code": quick.app_code(made), "remember": {"device_id": "phone-1"}}
    token = quick.ask("/v1/factors/check", **asked)["trust_token"]
    path = f"/v1/users/{quote(name, safe='')}/devices"
    assert quick.ask(f"{path}/check", device_id="phone-1", token=token)["trusted"]
    assert quick.factors.delete(path).json == {"revoked": 1}
    assert not quick.ask(f"{path}/check", device_id="phone-1", token=token)["trusted"]
