"""A start and a check are one trip to Redis each, as MONITOR sees it."""

from collections.abc import Iterator

import pytest

from tests.servers import RedisServer
from tests.store.monitor import Monitor, monitored
from tests.world import OTHER_NUMBER, World

KEY = {"Idempotency-Key": "once-and-for-all"}


@pytest.fixture
def monitor(world: World, redis: RedisServer) -> Iterator[Monitor]:
    """What arrives at Redis, after this thread's connection is made and the scripts are known."""
    warm = world.api.start(OTHER_NUMBER).json
    world.api.check(world.code(warm["id"]), to=OTHER_NUMBER)
    with monitored(redis) as listening:
        yield listening


def test_a_start_is_one_trip(world: World, monitor: Monitor) -> None:
    """Starting a verification sends exactly one command to Redis: EVALSHA."""
    assert world.api.start().status_code == 201
    assert monitor.on_the_wire() == ["EVALSHA"]


def test_a_start_with_an_idempotency_key_is_one_trip(world: World, monitor: Monitor) -> None:
    """An Idempotency-Key costs no trip of its own, neither at first nor when the request is repeated."""
    assert world.api.start(headers=KEY).status_code == 201
    assert monitor.on_the_wire() == ["EVALSHA"]
    assert world.api.start(headers=KEY).status_code == 201
    assert monitor.on_the_wire() == ["EVALSHA"]


def test_a_start_with_every_limit_is_one_trip(world: World, monitor: Monitor) -> None:
    """However many limits a policy has, they are read and consumed in the same trip."""
    limits = {
        "to": "5 per hour; 9 per day",
        "ip": "100 per hour",
        "prefix": "200 per day",
        "application": "300 per day",
    }
    world.policy(limits=limits, spend_per_day_micros=10**9, spend_per_country_per_day_micros=10**8)
    assert world.api.start(client={"ip": "203.0.113.7"}).status_code == 201
    assert monitor.on_the_wire() == ["EVALSHA"]


def test_the_brake_judges_in_the_same_trip(world: World, monitor: Monitor) -> None:
    """The brake reads, charges and refuses in the one trip of the start that it judges."""
    world.policy(fraud="enforce")
    assert world.api.start(client={"ip": "203.0.113.7"}).status_code == 201
    world.policy(fraud="enforce", thresholds={"number_weak": 0, "number_strong": 0, "answer_s": 1})
    assert world.api.start(client={"ip": "203.0.113.7"}).status_code == 403
    assert monitor.on_the_wire() == ["EVALSHA", "EVALSHA"]


def test_a_refused_start_is_one_trip(world: World, monitor: Monitor) -> None:
    """A refusal costs no more trips than an acceptance."""
    world.policy(resend_after_s=30)
    assert world.api.start().status_code == 201
    assert world.api.start().status_code == 429
    assert monitor.on_the_wire() == ["EVALSHA", "EVALSHA"]


@pytest.mark.parametrize("headers", [None, KEY], ids=["plain", "with a key"])
def test_a_check_is_one_trip(world: World, monitor: Monitor, headers: dict[str, str] | None) -> None:
    """Checking a code by number or by id, wrong or right, sends exactly one command to Redis: EVALSHA."""
    id_ = world.api.start().json["id"]
    right, wrong = world.code(id_), world.wrong(id_)
    monitor.commands()
    assert world.api.check(wrong).json["reason"] == "wrong_code"
    assert monitor.on_the_wire() == ["EVALSHA"]
    assert world.api.check(right, headers, id=id_).json["valid"]
    assert monitor.on_the_wire() == ["EVALSHA"]


def test_scripts_that_redis_forgot_are_sent_again(world: World, redis: RedisServer, monitor: Monitor) -> None:
    """After SCRIPT FLUSH nobody sees an error: each script is sent in full once, and by its name from then on."""
    with redis.client() as client:
        client.script_flush()
    monitor.commands()
    id_ = world.api.start().json["id"]
    assert monitor.on_the_wire() == ["EVALSHA", "EVAL"]
    assert world.api.start().status_code == 200
    assert monitor.on_the_wire() == ["EVALSHA"]
    right = world.code(id_)
    monitor.commands()
    assert world.api.check(right).json["valid"]
    assert monitor.on_the_wire() == ["EVALSHA", "EVAL"]


def test_a_refusal_by_a_block_is_one_trip(world: World, monitor: Monitor) -> None:
    """What no script has to judge costs one trip alone, which keeps it for whoever explains it later."""
    world.policy(countries=["DE"])
    assert world.api.start().status_code == 403
    monitor.on_the_wire()  # the script was not known yet
    assert world.api.start().status_code == 403
    assert monitor.on_the_wire() == ["EVALSHA"]
