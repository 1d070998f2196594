"""The rates of providers and senders, shared by all couriers."""

import asyncio
import time

from otp_service.courier.pacing import AHEAD_MS, Pacing
from otp_service.domain.routes.decide import Choice
from otp_service.domain.routes.routing import Routing
from otp_service.domain.routes.rules import Candidate
from otp_service.store.outbox import Keys
from tests.courier.world import World, eventually, play

SLOW = Choice("a", max_per_s=0.1)


def routing(*candidates: Candidate) -> Routing:
    """These providers, and nothing else."""
    return Routing(candidates)


async def given(world: World) -> list[str]:
    """Who was given a message, in turn."""
    return [got["provider"] for got in world.sink.got]


def test_couriers_share_a_rate(url: str) -> None:
    """What one courier took of a rate is gone for the others."""

    async def story(world: World) -> None:
        pacings = [Pacing(world.redis) for _ in range(3)]
        waits = [await each.take(SLOW) for each in pacings]
        assert waits[0] <= AHEAD_MS
        assert all(AHEAD_MS < wait <= 10_000 for wait in waits[1:])

    play(story, url)


def test_a_token_that_is_too_far_ahead_is_not_taken(url: str) -> None:
    """Who is told to come later has used up nothing."""

    async def story(world: World) -> None:
        pacing = Pacing(world.redis)
        waits = [await pacing.take(SLOW) for _ in range(20)]
        assert all(AHEAD_MS < wait <= 10_000 for wait in waits[1:])

    play(story, url)


def test_a_busy_rate_costs_no_trip_for_each_message(url: str) -> None:
    """Tokens of a fast rate are taken in blocks."""

    async def story(world: World) -> None:
        pacing = Pacing(world.redis)
        before = (await world.redis.info("commandstats")).get("cmdstat_evalsha", {"calls": 0})["calls"]
        for _ in range(200):
            assert await pacing.take(Choice("a", max_per_s=1000)) <= AHEAD_MS
        calls = (await world.redis.info("commandstats"))["cmdstat_evalsha"]["calls"] - before
        assert calls <= 4

    play(story, url)


def test_a_sender_has_a_rate_of_its_own(url: str) -> None:
    """A sender's rate holds beside its provider's, and who must wait for it takes nothing of the provider's."""

    async def story(world: World) -> None:
        pacing = Pacing(world.redis)
        busy = Choice("a", "+15005550006", max_per_s=10, sender_max_per_s=0.1)
        assert await pacing.take(busy) <= 10
        assert await pacing.take(busy) > AHEAD_MS
        assert await pacing.take(Choice("a", "Shop", max_per_s=10)) <= 200
        assert [key async for key in world.redis.scan_iter("*5005550006*")] == []

    play(story, url)


def test_a_code_does_not_queue_at_a_slow_provider(url: str) -> None:
    """Codes for which a provider has no token soon go to the next one at once."""

    async def story(world: World) -> None:
        known = routing(Candidate("a", 1, max_per_s=0.01), Candidate("b", 2))
        sent = [await world.put() for _ in range(20)]
        async with world.running(providers=("a", "b"), routing=lambda: known):
            for one in sent:
                await eventually(lambda one=one: _accepted(world, one.record, one.message), True)
        assert sorted(await given(world)) == ["a"] + ["b"] * 19

    play(story, url)


def test_codes_wait_where_nobody_else_is_left(url: str) -> None:
    """With one slow provider codes go out at its rate, one after the other, each of them once."""

    async def story(world: World) -> None:
        known = routing(Candidate("a", max_per_s=10))
        sent = [await world.put() for _ in range(30)]
        began = time.monotonic()
        async with world.running(routing=lambda: known):
            await eventually(lambda: _all_given(world), 30)
            took_s = time.monotonic() - began
            await world.rests()
        assert took_s > 2.5
        assert len({got["id"] for got in world.sink.got}) == len(world.sink.got) == len(sent)

    play(story, url)


def test_a_code_without_a_token_in_time_fails_with_the_reason(url: str) -> None:
    """A code whose token would come after its life is not sent late: it has failed with rate_limited."""

    async def story(world: World) -> None:
        known = routing(Candidate("a", max_per_s=0.01))
        first, second = await world.put(), await world.put(live_s=90)
        async with world.running(concurrency=1, routing=lambda: known):
            await world.ends(first, "3|accepted|a|")
            await world.ends(second, "5|failed||rate_limited")
        assert await world.redis.zcard(Keys.of(0).due) == 0

    play(story, url)


def test_waiting_for_a_token_is_no_try(url: str) -> None:
    """Who waits for a token has not been asked: it costs neither an attempt nor a longer wait the next time."""

    async def story(world: World) -> None:
        known = routing(Candidate("a", max_per_s=0.7))
        sent = [await world.put() for _ in range(3)]
        async with world.running(concurrency=3, routing=lambda: known):
            await asyncio.gather(*(world.ends(one, "3|accepted|a|") for one in sent))
            await world.rests()
        assert {fact for fact in world.ledger.facts if ":a" in fact} == {f"{one.message}:a1" for one in sent}

    play(story, url)


async def _accepted(world: World, record: str, message: str) -> bool:
    return bool(await world.redis.hexists(record, f"m:{message}"))


async def _all_given(world: World) -> int:
    return len(world.sink.got)
