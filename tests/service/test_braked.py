"""What the brake decides is counted, by decision and by whether it was in force."""

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import REGISTRY

from otp_service.client import solve
from tests.world import START, World

METRIC = "otp_fraud_decisions_total"
EVERY = [(decision, mode) for mode in ("enforce", "shadow") for decision in ("allow", "challenge", "solved", "deny")]
ASKS: dict[str, Any] = {"fraud": "enforce", "challenge_difficulty": 1000, "thresholds": {"number_weak": 0}}
DENIES: dict[str, Any] = {"fraud": "enforce", "thresholds": {"number_strong": 0}}
CLIENT = {"ip": "203.0.113.7", "device_id": "phone"}

Counted = Callable[[], dict[tuple[str, str], float]]


def figures() -> dict[tuple[str, str], float]:
    """How often each was decided until now."""
    return {
        (decision, mode): REGISTRY.get_sample_value(METRIC, {"decision": decision, "mode": mode}) or 0
        for decision, mode in EVERY
    }


@pytest.fixture
def counted() -> Counted:
    """What was decided since the test began."""
    before = figures()
    return lambda: {each: value - before[each] for each, value in figures().items() if value > before[each]}


def test_a_code_that_may_go_out_is_allowed(world: World, counted: Counted) -> None:
    """A start on which the brake finds nothing counts as allowed, once, however often it is repeated by its key."""
    world.policy(fraud="enforce")
    for _ in range(3):
        assert world.api.start(headers={"Idempotency-Key": "once"}).status_code == 201
    assert counted() == {("allow", "enforce"): 1}


def test_a_challenge_is_asked_and_solved(world: World, counted: Counted) -> None:
    """A start that has to be solved first counts as asked, and as solved when it comes back with the solution."""
    world.policy(**ASKS)
    asked = world.api.start(client=CLIENT).get_json()["challenge"]
    assert counted() == {("challenge", "enforce"): 1}
    assert world.api.start(client=CLIENT, challenge=solve(asked)).status_code == 201
    assert counted() == {("challenge", "enforce"): 1, ("solved", "enforce"): 1}


def test_a_solution_that_nobody_asked_for_is_no_solved_challenge(world: World, counted: Counted) -> None:
    """Where nothing had to be solved, whatever was brought along counts as allowed."""
    world.policy(**ASKS)
    solution = solve(world.api.start(client=CLIENT).get_json()["challenge"])
    world.policy(fraud="enforce", challenge_difficulty=1000)
    assert world.api.start(client=CLIENT, challenge=solution).status_code == 201
    assert counted() == {("challenge", "enforce"): 1, ("allow", "enforce"): 1}


def test_a_refused_code_is_denied(world: World, counted: Counted) -> None:
    """A start that is refused as fraud counts as denied."""
    world.policy(**DENIES)
    assert world.api.start().status_code == 403
    assert counted() == {("deny", "enforce"): 1}


@pytest.mark.parametrize(("policy", "decision"), [(ASKS, "challenge"), (DENIES, "deny"), ({}, "allow")])
def test_in_shadow_what_would_be_decided_is_counted(
    world: World, counted: Counted, policy: dict[str, Any], decision: str
) -> None:
    """In shadow mode a code goes out and counts as what the brake would have said, so that both modes compare."""
    world.policy(**policy | {"fraud": "shadow"})
    assert world.api.start(client=CLIENT).status_code == 201
    assert counted() == {(decision, "shadow"): 1}


def test_what_the_brake_does_not_judge_is_not_counted(world: World, counted: Counted) -> None:
    """With the brake off, for test keys, for supplied codes and for what a limit refuses there is no decision."""
    world.policy(**DENIES | {"fraud": "off"})
    assert world.api.start().status_code == 201
    world.policy(**DENIES, allow_custom_code=True, limits={"to": "1 per hour"})
    assert world.caller(*START, test=True).start().status_code == 201
    assert world.api.start("+41791234500", code="246810").status_code == 201
    assert world.api.start("+41791234500").status_code == 429
    assert counted() == {}
