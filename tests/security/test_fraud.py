"""The invariants of a verification hold with the brake acting."""

from collections import Counter

from tests.keyspace import everything, outbox
from tests.security.together import together
from tests.servers import RedisServer
from tests.world import World

# Everybody may owe a lot but a network, which may owe three.
ACTS = {
    "fraud": "enforce",
    "challenge": "none",
    "limits": {"to": "5 per hour", "ip": "", "application": "1000 per hour", "device": "", "user": ""},
    "thresholds": {"network_strong": 0, "network_refill_per_day": 0},
}
CALM = {"fraud": "enforce", "challenge": "none"}


def test_a_code_approves_once_with_the_brake_on(world: World) -> None:
    """Of 64 right answers at once one is valid, and one repayment waits."""
    world.policy(**CALM)
    id_ = world.api.start().json["id"]
    code = world.code(id_)
    heard = together(world, [lambda api: api.check(code, id=id_)] * 64)
    assert Counter(answer["valid"] for answer in heard) == {True: 1, False: 63}
    assert world.core.link.command("XLEN", "{c0}:repay") == 1


def test_five_guesses_are_admitted_with_the_brake_on(world: World) -> None:
    """Of 100 wrong guesses at once five are compared."""
    world.policy(**CALM)
    id_ = world.api.start().json["id"]
    wrong = world.wrong(id_)
    heard = together(world, [lambda api: api.check(wrong, id=id_)] * 100)
    assert Counter(answer["reason"] for answer in heard) == {"wrong_code": 5, "max_attempts": 95}


def test_parallel_starts_stay_within_every_limit_with_the_brake_on(world: World) -> None:
    """What goes out is within the limit and the ceiling; each of it was charged, and nothing else."""
    world.policy(
        **CALM, limits={"to": "", "ip": "", "application": "30 per hour"}, price_micros={"CH": 10},
        spend_per_day_micros=255,
    )  # fmt: skip
    calls = [lambda api, n=n: api.start(f"+4179{n:03d}0000") for n in range(200, 300)]
    heard = together(world, calls)
    assert Counter(answer.get("code", "sent") for answer in heard) == {"sent": 25, "spend_exhausted": 75}
    assert len(outbox(world)) == 25


def test_what_the_brake_refuses_changes_nothing(world: World, redis: RedisServer) -> None:
    """A hundred starts that it refuses at once leave no byte, use up no limit and send nothing."""
    world.policy(**ACTS)
    before = everything(redis)
    calls = [lambda api, n=n: api.start(f"+4179{n:03d}0000", client={"ip": "203.0.113.7"}) for n in range(200, 300)]
    heard = together(world, calls)
    assert Counter(answer.get("code", "sent") for answer in heard) == {"refused_as_fraud": 100}
    assert everything(redis) == before
    assert len({answer["reference"] for answer in heard}) == 100
    left = world.admin.get(f"/v1/admin/limits?application={world.shop}").json["limits"]
    assert {limit["used"] for limit in left} == {0}
