"""Challenges on a Redis Cluster, where brake and number live in different slots."""

from collections import Counter
from typing import Any

from otp_service.client import solve
from tests.security.test_parallel_solutions import ALWAYS
from tests.security.together import together
from tests.world import NUMBER, OTHER_NUMBER, World


def challenge(world: World, **asked: Any) -> Any:
    """The challenge of a start; a node that is late is asked again."""
    answers = (world.api.start(**asked) for _ in range(5))
    return next(answer.json["challenge"] for answer in answers if answer.status_code != 503)


def test_a_start_is_repeated_with_its_solution(world: World) -> None:
    """A start is asked for a challenge and passes with its solution, under one Idempotency-Key, and once."""
    world.policy(**ALWAYS)
    key = {"Idempotency-Key": "k1"}
    solution = solve(challenge(world, headers=key))
    answer = world.api.start(headers=key, challenge=solution)
    assert answer.status_code == 201
    assert world.api.start(headers=key, challenge="another").json == answer.json
    assert world.api.start(challenge=solution).json["code"] == "challenge_required"
    assert world.api.start(OTHER_NUMBER, challenge=solution).json["code"] == "challenge_required"


def test_a_solution_sent_by_many_at_once_opens_once(world: World) -> None:
    """Of 20 parallel starts with one solution, for several purposes, one sends a code."""
    world.policy(**ALWAYS)
    solution = solve(challenge(world, to=NUMBER))
    calls = [lambda api, purpose=f"p{n % 4}": api.start(challenge=solution, purpose=purpose) for n in range(20)]
    heard = together(world, calls)
    assert Counter(answer.get("code", "sent") for answer in heard) == {"sent": 1, "challenge_required": 19}
