"""Remembered devices: what they are told, how they are seen, and proofs of checks."""

from urllib.parse import quote

import jwt
import pytest

from otp_service.domain.policy import DAY_S
from tests.factor_world import STEP, FactorWorld
from tests.service.factors.proving import DEVICES, PHONE, check_proof, judged, proof_of, remembered


def test_a_device_is_remembered_with_a_right_code(owner: FactorWorld) -> None:
    """From then on its token stands in for a code, for as long as the policy says."""
    owner.policy(trust_device_s=DAY_S)
    token = remembered(owner, owner.confirmed())
    heard = owner.ask(f"{DEVICES}/check", device_id="phone-1", token=token)
    (shown,) = owner.factors.get(DEVICES).json["items"]
    assert (heard["trusted"], heard["reason"], heard["device"]["id"]) == (True, None, shown["id"])
    assert (shown["label"], shown["created_at"][:10], shown["expires_at"][:10]) == (
        *("Ana’s phone", "2026-11-22", "2026-11-23"),
    )


def test_nothing_is_remembered_unasked(quick: FactorWorld) -> None:
    """A check without `remember` gives no token."""
    made = quick.confirmed()
    assert quick.check(quick.app_code(made))["trust_token"] is None
    assert quick.factors.get(DEVICES).json == {"items": [], "next_cursor": None}


def test_a_device_is_seen_when_it_was_trusted(quick: FactorWorld) -> None:
    """To the minute; a token that is not good notes nothing."""
    token = remembered(quick, quick.confirmed())
    judged(quick, token, device="phone-2")
    assert quick.factors.get(DEVICES).json["items"][0]["seen_at"] is None
    seen = []
    for passed in (0, STEP, STEP):
        quick.clock.pass_(passed)
        judged(quick, token)
        seen.append(quick.factors.get(DEVICES).json["items"][0]["seen_at"][11:19])
    assert seen == ["12:01:00", "12:01:00", "12:02:00"]


def test_a_device_that_is_remembered_again_has_one_place(quick: FactorWorld) -> None:
    """Its older token ends; the list has the newest first."""
    made = quick.confirmed()
    old, other = remembered(quick, made), remembered(quick, made, device_id="laptop", label="Laptop")
    new = remembered(quick, made)
    assert (judged(quick, old), judged(quick, other, "laptop"), judged(quick, new)) == ("revoked", "trusted", "trusted")
    assert [each["label"] for each in quick.factors.get(DEVICES).json["items"]] == ["Ana’s phone", "Laptop"]


def test_a_device_needs_no_label(quick: FactorWorld) -> None:
    """Then it is shown without one."""
    made = quick.confirmed()
    asked = {"user": "u1", "code": quick.app_code(made), "remember": {"device_id": "x"}}
    assert quick.ask("/v1/factors/check", **asked)["trust_token"]
    assert quick.factors.get(DEVICES).json["items"][0]["label"] is None


@pytest.mark.parametrize(
    "remember", [{}, {"device_id": ""}, {"device_id": 1}, {"device_id": "x", "label": "a\nb"}, "x"]
)
def test_what_is_no_device_is_refused_before_anything_is_paid(quick: FactorWorld, remember: object) -> None:
    """The code stays good, and costs no try."""
    made = quick.confirmed()
    code = quick.app_code(made)
    refused = quick.factors.post("/v1/factors/check", {"user": "u1", "code": code, "remember": remember})
    assert refused.status_code == 422
    assert quick.verdict(code) == "valid"


def test_a_repeat_by_its_key_hears_the_same_token(quick: FactorWorld) -> None:
    """A lost answer costs neither the code nor the token."""
    body = {"user": "u1", "code": quick.app_code(quick.confirmed()), "remember": PHONE}
    first, again = (quick.factors.post("/v1/factors/check", body, {"Idempotency-Key": "k"}).json for _ in range(2))
    assert first == again
    assert judged(quick, again["trust_token"]) == "trusted"


@pytest.mark.parametrize("name", ["a/devices/b", "/a", "a\nb", " ", ".", "é%2F"])
def test_a_user_may_have_any_name(quick: FactorWorld, name: str) -> None:
    """Also one with slashes or a line break, which is in the path."""
    made, path = quick.confirmed(name), f"/v1/users/{quote(name, safe='')}"
    asked = {"user": name, "code": quick.app_code(made), "remember": PHONE}
    token = quick.ask("/v1/factors/check", **asked)["trust_token"]
    assert judged(quick, token, user=quote(name, safe="")) == "trusted"
    assert [each["id"] for each in quick.factors.get(f"{path}/factors").json["items"]] == [made["id"]]
    (device,) = quick.factors.get(f"{path}/devices").json["items"]
    assert quick.factors.delete(f"{path}/devices/{device['id']}").json["id"] == device["id"]
    assert quick.factors.delete(f"{path}/devices").json == {"revoked": 0}


def test_nobody_has_a_name_that_long(quick: FactorWorld) -> None:
    """A path is held to the length that names have in bodies."""
    paths = [("GET", "factors"), ("GET", "devices"), ("DELETE", "devices"), ("DELETE", "devices/x")]
    heard = [quick.factors.call(method, f"/v1/users/{'u' * 129}/{path}") for method, path in paths]
    assert [(each.status_code, each.json["errors"][0]["field"]) for each in heard] == [(422, "user")] * 4
    assert quick.factors.get(f"/v1/users/{'u' * 128}/devices").status_code == 200


def test_the_application_hears_of_a_new_device(quick: FactorWorld) -> None:
    """So that it can write to its user; the event names neither device nor label."""
    remembered(quick, quick.confirmed())
    with quick.core.engine.begin() as connection:
        rows = connection.exec_driver_sql("SELECT data FROM events WHERE type = 'device.trusted'").scalars().all()
    assert len(rows) == 1
    assert "u1" in rows[0]
    assert "s phone" not in rows[0]
    assert "phone-1" not in rows[0]


def test_a_check_has_a_proof_if_the_policy_asks_for_one(today: FactorWorld) -> None:
    """Of this factor and this user, and of no purpose; one that verifies from the published keys."""
    made = today.confirmed()
    assert today.check(today.app_code(made))["proof"] is None
    today.clock.pass_(STEP)
    today.policy(proof=True)
    keys = jwt.PyJWKSet.from_dict(today.api.get("/.well-known/jwks.json").json)
    given = check_proof(today, made)
    claims = jwt.decode(given, keys.keys[0], algorithms=["EdDSA"], audience=today.shop, options={"verify_iat": False})
    assert (claims["sub"], claims["user"], claims["amr"], claims["assurance"]) == (made["id"], "u1", ["otp"], "totp")
    assert (claims["test"], "purpose" in claims) == (False, False)
    by_factor = today.ask("/v1/factors/check", factor=made["id"], code=today.app_code(made))["proof"]
    options = {"verify_iat": False}
    again = jwt.decode(by_factor, keys.keys[0], algorithms=["EdDSA"], audience=today.shop, options=options)
    assert again["user"] == "u1"
    assert again["jti"] != claims["jti"]


def test_a_confirmation_has_no_proof(today_quick: FactorWorld) -> None:
    """A factor that somebody has just made says nothing about who they are."""
    today_quick.policy(proof=True)
    made = today_quick.enrolled()
    heard = today_quick.ask(f"/v1/factors/{made['id']}/confirm", code=today_quick.app_code(made))
    assert (heard["valid"], heard["proof"], heard["trust_token"]) == (True, None, None)


def test_a_device_is_remembered_by_a_verification(today: FactorWorld) -> None:
    """A product that sends a text instead of asking for a code may remember the device too."""
    today.policy(proof=True)
    today.confirmed()
    heard = today.ask(DEVICES, **PHONE, proof=proof_of(today, "login"))
    assert judged(today, heard["trust_token"]) == "trusted"
