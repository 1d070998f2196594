"""A change with an Idempotency-Key happens once."""

from dataclasses import replace

import pytest

from otp_service.domain.errors import Refusal
from otp_service.service.once import once
from otp_service.store.operation import Operation
from tests.servers import RedisServer
from tests.world import World

FIRST = Operation("o1", "digest", "fingerprint", "t1")
SECRET = "otp_live_a-secret-that-is-shown-once"


def refused(world: World, operation: Operation) -> str:
    """The code by which this operation is refused."""
    with pytest.raises(Refusal) as refusal:
        once(world.core, operation, dict)
    return refusal.value.code


def test_a_repeat_hears_the_first_answer_and_changes_nothing(world: World) -> None:
    """The same key and body hear the first answer again, and the change happens once."""
    runs: list[int] = []

    def run() -> dict[str, int]:
        runs.append(1)
        return {"n": len(runs)}

    answers = [once(world.core, replace(FIRST, token=token), run) for token in ("t1", "t2", "t3")]
    assert answers == [{"n": 1}] * 3
    assert len(runs) == 1


def test_without_a_key_every_call_is_a_change(world: World) -> None:
    """Without an Idempotency-Key every call changes something."""
    runs: list[int] = []
    for _ in range(2):
        once(world.core, Operation("o1"), lambda: {"n": runs.append(1)})
    assert len(runs) == 2


def test_another_body_is_refused(world: World) -> None:
    """A key that was used with another body is refused."""
    once(world.core, FIRST, dict)
    assert refused(world, replace(FIRST, fingerprint="another", token="t2")) == "idempotency_mismatch"


def test_a_repeat_in_flight_is_refused(world: World) -> None:
    """While the first call still runs, a repeat is told so."""
    codes: list[str] = []
    once(world.core, FIRST, lambda: {"n": codes.append(refused(world, replace(FIRST, token="t2")))})
    assert codes == ["idempotency_in_flight"]


def test_a_refusal_is_not_remembered(world: World) -> None:
    """After a refusal the same key may be used again."""

    def fail() -> dict[str, int]:
        raise Refusal("not_found", "there is no such application")

    with pytest.raises(Refusal):
        once(world.core, FIRST, fail)
    assert once(world.core, replace(FIRST, token="t2"), lambda: {"n": 2}) == {"n": 2}


def test_what_is_remembered_is_sealed(world: World, redis: RedisServer) -> None:
    """A secret that is shown once does not stand in Redis in clear."""
    once(world.core, FIRST, lambda: {"key": SECRET})
    with redis.client() as client:
        held = [client.hgetall(key) for key in client.scan_iter("{i:*")]
    assert len(held) == 1
    assert SECRET not in str(held)


def test_what_happened_is_told_even_if_redis_is_gone(world: World, redis: RedisServer) -> None:
    """If Redis fails after the change, the caller hears what was done."""
    try:
        assert once(world.core, FIRST, lambda: {"n": redis.kill()}) == {"n": None}
    finally:
        redis.start()
