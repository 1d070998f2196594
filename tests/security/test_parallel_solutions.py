"""One solution of a challenge, sent by many at once."""

from collections import Counter
from typing import Any

from otp_service.client import solve
from tests.keyspace import outbox
from tests.security.together import together
from tests.world import World

ALWAYS: dict[str, Any] = {
    "fraud": "enforce",
    "challenge_difficulty": 1000,
    "thresholds": {"number_weak": 0},
    "limits": {"to": "", "ip": ""},
}


def test_a_solution_sent_40_times_at_once_opens_once(world: World) -> None:
    """Of 40 parallel starts with one solution one sends a code; the others are asked for another."""
    world.policy(**ALWAYS)
    solution = solve(world.api.start().json["challenge"])
    heard = together(world, [lambda api: api.start(challenge=solution)] * 40)
    assert Counter(answer.get("code", "sent") for answer in heard) == {"sent": 1, "challenge_required": 39}
    assert len(outbox(world)) == 1


def test_a_solution_opens_one_purpose_alone(world: World) -> None:
    """A solution sent for many purposes of a number at once opens one of them."""
    world.policy(**ALWAYS)
    solution = solve(world.api.start().json["challenge"])
    calls = [lambda api, purpose=f"p{n}": api.start(challenge=solution, purpose=purpose) for n in range(20)]
    heard = together(world, calls)
    assert Counter(answer.get("code", "sent") for answer in heard) == {"sent": 1, "challenge_required": 19}
