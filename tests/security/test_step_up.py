"""Who wants a factor, or to be rid of one, by a proof that is no word on that: refused, and each proof counts once."""

from collections import Counter
from collections.abc import Callable

import pytest

from otp_service.domain import proof as proofs
from otp_service.domain.keys import KeyRing
from otp_service.domain.policy import Policy
from tests.factor_world import (
    FactorWorld,
)
from tests.service.factors.proving import AT_ONCE, STEP_UP, at_once, check_proof, proof_of, starter
from tests.world import START, Api

ENROL = {"user": "u1", "type": "totp"}
MINUTE = 60_000


def enrol_by(owner: FactorWorld, proof: str, by: Api | None = None) -> str:
    """`enrolled`, or why not."""
    answer = (by or owner.factors).post("/v1/factors", {**ENROL, "step_up": proof})
    return "enrolled" if answer.status_code == 201 else str(answer.json["code"])


def of_a_test_key(owner: FactorWorld) -> str:
    return proof_of(owner, "factor.enrol", by=starter(owner, test=True))


def of_another_application(owner: FactorWorld) -> str:
    bank = owner.application("bank", Policy(proof=True, fraud="shadow"))
    return proof_of(owner, "factor.enrol", by=owner.caller(*START, application=bank))


def of_another_ring(owner: FactorWorld) -> str:
    ring = KeyRing({owner.core.ring.current: b"z" * 32})
    genuine = proof_of(owner, "factor.enrol")
    claimed = proofs.read(
        *(owner.core.ring, genuine), issuer="https://otp.example", application=owner.shop, now_s=owner.clock.now // 1000
    )
    assert claimed
    return proofs.sign(ring, claimed)


def that_is_old(owner: FactorWorld) -> str:
    genuine = proof_of(owner, "factor.enrol")
    owner.clock.pass_(60 * MINUTE)
    return genuine


def that_is_cut(owner: FactorWorld) -> str:
    return proof_of(owner, "factor.enrol").rpartition(".")[0] + "."


@pytest.mark.parametrize(
    "other",
    [
        *(lambda owner, purpose=purpose: proof_of(owner, purpose) for purpose in ("login", "factor.remove", "factor")),
        *(lambda owner, user=user: proof_of(owner, "factor.enrol", user) for user in ("u2", "U1", None)),
        *(of_a_test_key, of_another_application, of_another_ring, that_is_old, that_is_cut),
        *(lambda _, text=text: text for text in ("x", "null", "a.b.c")),
    ],
)
def test_no_other_proof_enrols(today_quick: FactorWorld, other: Callable[[FactorWorld], str]) -> None:
    """Of another purpose, user, key, application or ring, over, cut, or no proof: nothing is enrolled."""
    today_quick.policy(**STEP_UP)
    assert enrol_by(today_quick, other(today_quick)) == "step_up_required"
    assert today_quick.factors.get("/v1/users/u1/factors").json["items"] == []


def test_a_code_of_an_app_enrols_no_other_factor(today_quick: FactorWorld) -> None:
    """Whoever holds one factor for a minute gets no lasting one by it."""
    made = today_quick.confirmed()
    today_quick.policy(**STEP_UP)
    assert enrol_by(today_quick, check_proof(today_quick, made)) == "step_up_required"


def test_what_a_test_key_proved_serves_test_keys_alone(today_quick: FactorWorld) -> None:
    """A code on the simulated phone opens nothing live; among test keys it is as good as any."""
    today_quick.policy(**STEP_UP)
    tester = today_quick.caller("factors", test=True)
    assert enrol_by(today_quick, proof_of(today_quick, "factor.enrol"), tester) == "step_up_required"
    assert enrol_by(today_quick, of_a_test_key(today_quick), tester) == "enrolled"


def test_of_64_parallel_enrolments_by_one_proof_one_happens(today: FactorWorld) -> None:
    """A proof is used up in the transaction of what it allows, whatever arrives at once."""
    today.policy(**STEP_UP)
    body = {**ENROL, "step_up": proof_of(today, "factor.enrol")}
    assert Counter(at_once(today, "POST", ["/v1/factors"] * AT_ONCE, body)) == {201: 1, 403: AT_ONCE - 1}
    assert len(today.factors.get("/v1/users/u1/factors").json["items"]) == 1


def test_of_all_factors_removed_at_once_the_last_one_stays(today: FactorWorld) -> None:
    """Each would see the others still there; the last one is held all the same."""
    ids = [today.confirmed()["id"] for _ in range(4)]
    today.policy(**STEP_UP)
    assert Counter(at_once(today, "DELETE", [f"/v1/factors/{id}" for id in ids])) == {200: 3, 403: 1}
    assert len(today.factors.get("/v1/users/u1/factors").json["items"]) == 1
