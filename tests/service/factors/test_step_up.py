"""Step-up: what the policy lists takes the proof of a fresh verification."""

import pytest

from tests.factor_world import FactorWorld
from tests.service.factors.proving import STEP_UP, proof_of
from tests.world import Api

ENROL = {"user": "u1", "type": "totp"}


def removed(owner: FactorWorld, id: str, proof: str | None = None) -> int:
    """The status of a removal."""
    headers = {} if proof is None else {"Step-Up": proof}
    return owner.factors.call("DELETE", f"/v1/factors/{id}", headers=headers).status_code


def test_without_a_policy_that_asks_none_is_needed(today_quick: FactorWorld) -> None:
    """By default a factor is enrolled and the last one removed by the application's word."""
    made = today_quick.confirmed()
    assert removed(today_quick, made["id"]) == 200


def test_the_refusal_says_what_would_do(today_quick: FactorWorld) -> None:
    """Which purpose, how fresh, and where the proof goes."""
    today_quick.policy(**STEP_UP)
    told = today_quick.factors.post("/v1/factors", ENROL).json
    assert told["code"] == "step_up_required"
    assert all(word in told["detail"] for word in ("factor.enrol", "5 minutes", "none was sent", "field step_up"))
    spent = proof_of(today_quick, "factor.enrol")
    made = today_quick.confirmed(step_up=spent)
    assert "shown before" in today_quick.factors.post("/v1/factors", {**ENROL, "step_up": spent}).json["detail"]
    told = today_quick.factors.delete(f"/v1/factors/{made['id']}").json
    assert all(word in told["detail"] for word in ("factor.remove", "header Step-Up"))


@pytest.mark.parametrize("type", ["totp", "hotp", "recovery_codes"])
def test_every_type_of_factor_is_asked_for(today_quick: FactorWorld, type: str) -> None:
    """A new set of recovery codes is a new way in like any other."""
    today_quick.policy(**STEP_UP)
    assert today_quick.factors.post("/v1/factors", {"user": "u1", "type": type}).status_code == 403
    assert today_quick.enrolled(type=type, step_up=proof_of(today_quick, "factor.enrol"))["type"] == type


def test_only_the_last_factor_is_held(today_quick: FactorWorld) -> None:
    """One of two goes without a word; recovery codes are no second one, and what was never confirmed is none at all."""
    first, second = today_quick.confirmed(), today_quick.confirmed()
    today_quick.enrolled(type="recovery_codes")
    unconfirmed = today_quick.enrolled()
    today_quick.policy(**STEP_UP)
    assert removed(today_quick, first["id"]) == 200
    assert removed(today_quick, unconfirmed["id"]) == 200
    assert removed(today_quick, second["id"]) == 403
    assert removed(today_quick, second["id"], proof_of(today_quick, "factor.remove")) == 200


def test_recovery_codes_go_while_there_is_an_app_and_stay_when_they_are_the_last(today_quick: FactorWorld) -> None:
    """They are held once nothing else is left."""
    today_quick.confirmed()
    beside = today_quick.enrolled(type="recovery_codes")
    alone = today_quick.enrolled("u2", type="recovery_codes")
    today_quick.policy(**STEP_UP)
    assert (removed(today_quick, beside["id"]), removed(today_quick, alone["id"])) == (200, 403)


def test_a_refused_enrolment_leaves_its_proof_good(today: FactorWorld) -> None:
    """What was refused for another reason did not use it up."""
    for _ in range(10):
        today.enrolled()
    today.policy(**STEP_UP)
    proof = proof_of(today, "factor.enrol")
    told = today.factors.post("/v1/factors", {**ENROL, "step_up": proof}).json
    assert told["code"] == "conflict", told
    spare = today.factors.get("/v1/users/u1/factors").json["items"][0]["id"]
    assert removed(today, spare) == 200
    assert today.factors.post("/v1/factors", {**ENROL, "step_up": proof}).status_code == 201


def test_a_repeat_by_its_key_hears_the_first_answer(today_quick: FactorWorld) -> None:
    """The proof is used up once for both."""
    today_quick.policy(**STEP_UP)
    body, key = {**ENROL, "step_up": proof_of(today_quick, "factor.enrol")}, {"Idempotency-Key": "enrol-1"}
    again = [today_quick.factors.post("/v1/factors", body, key) for _ in range(2)]
    assert [each.status_code for each in again] == [201, 201]
    assert again[0].json == again[1].json


def test_a_key_without_the_scope_is_refused_before_any_proof(today_quick: FactorWorld) -> None:
    """What is wrong with the key is told, and the proof stays good."""
    today_quick.policy(**STEP_UP)
    proof, stranger = proof_of(today_quick, "factor.enrol"), Api(today_quick.app.test_client(), today_quick.api.key)
    assert stranger.post("/v1/factors", {**ENROL, "step_up": proof}).json["code"] == "forbidden"
    assert today_quick.factors.post("/v1/factors", {**ENROL, "step_up": proof}).status_code == 201
