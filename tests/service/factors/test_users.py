"""Whose factors they are: users have names of their application's choosing, and realms of their own."""

from urllib.parse import quote

import pytest
from sqlalchemy import select

from otp_service.domain.policy import Policy
from otp_service.ledger.schema import factor_users, factors
from tests.factor_world import FactorWorld


@pytest.mark.parametrize("user", ["u1", "ana@shop.example", "a/b?c#d", "x" * 128, "Ä漢字", "../..", "a b"])
def test_users_have_any_name(quick: FactorWorld, user: str) -> None:
    """Whatever the application calls its user leads to the user's factors."""
    made = quick.confirmed(user)
    assert quick.verdict(quick.app_code(made), user) == "valid"
    listed = quick.factors.client.get(
        "/v1/users/" + quote(user) + "/factors", headers={"Authorization": f"Bearer {quick.factors.key}"}
    )
    assert [each["id"] for each in listed.json["items"]] == [made["id"]]


def test_names_are_not_kept_readable(owner: FactorWorld) -> None:
    """The ledger finds users by a keyed index, and keeps their names and labels sealed."""
    owner.confirmed("ana@shop.example")
    with owner.core.engine.connect() as connection:
        kept = [*connection.execute(select(factor_users)), *connection.execute(select(factors))]
    assert "ana@shop" not in repr([tuple(row) for row in kept])


def test_a_user_has_at_most_ten_factors(quick: FactorWorld) -> None:
    """Each factor makes a guess likelier to hit, so there is an end."""
    for _ in range(10):
        quick.enrolled()
    assert quick.ask("/v1/factors", user="u1", type="totp")["code"] == "conflict"
    quick.enrolled("u2")


def test_other_applications_and_test_keys_have_users_of_their_own(owner: FactorWorld) -> None:
    """The same name elsewhere is another user, and a foreign factor is one and the same 404."""
    made = owner.confirmed()
    code = owner.app_code(made)
    blog = owner.caller("factors", application=owner.application("blog", Policy()))
    for stranger in (blog, owner.caller("factors", test=True)):
        seen = [stranger.get(f"/v1/factors/{made['id']}"), stranger.delete(f"/v1/factors/{made['id']}")]
        seen += [stranger.post("/v1/factors/check", {"user": "u1", "code": code})]
        seen += [stranger.post("/v1/factors/check", {"factor": made["id"], "code": code})]
        seen += [stranger.get("/v1/factors/fac_AAAAAAAAAAAAAAAAAAAAAA"), stranger.get("/v1/factors/%00")]
        assert {(each.status_code, each.json["detail"]) for each in seen} == {
            (404, "there is no such factor, or this user has none")
        }
        assert stranger.get("/v1/users/u1/factors").json["items"] == []
    assert owner.verdict(code) == "valid"


def test_only_the_scope_factors_opens_them(quick: FactorWorld) -> None:
    """Every endpoint refuses a key without the scope."""
    stranger = quick.caller("verifications:start", "verifications:check", "messages", "reports", "admin")
    calls = [
        ("POST", "/v1/factors"),
        ("POST", "/v1/factors/check"),
        ("GET", "/v1/factors/f"),
        ("DELETE", "/v1/factors/f"),
    ]
    calls += [("POST", "/v1/factors/f/confirm"), ("POST", "/v1/factors/f/resync"), ("GET", "/v1/users/u/factors")]
    assert {stranger.call(method, path, {}).status_code for method, path in calls} == {403}


def test_a_repeat_with_the_same_key_hears_the_same(quick: FactorWorld) -> None:
    """An enrolment that comes twice makes one factor, a check one approval, each with the first answer."""
    key = {"Idempotency-Key": "enrol-1"}
    made = [quick.factors.post("/v1/factors", {"user": "u1", "type": "totp"}, key).json for _ in range(2)]
    assert made[0] == made[1]
    assert len(quick.factors.get("/v1/users/u1/factors").json["items"]) == 1
    body = {"code": quick.app_code(made[0])}
    path = f"/v1/factors/{made[0]['id']}/confirm"
    heard = [quick.factors.post(path, body, {"Idempotency-Key": "confirm-1"}).json for _ in range(2)]
    assert [each["valid"] for each in heard] == [True, True]
    assert quick.verdict(body["code"]) == "already_used"
