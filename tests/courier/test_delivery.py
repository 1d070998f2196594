"""How a courier brings codes to providers."""

import time
from collections.abc import Awaitable
from typing import Any

import pytest
from aiohttp import web

from otp_service.store.outbox import Keys
from tests.courier.world import World, accept, eventually, play, refuse


def test_a_code_reaches_its_provider_and_the_entry_is_gone(url: str) -> None:
    """A queued code is rendered and handed to the provider once, and nothing of it stays in the outbox."""

    async def story(world: World) -> None:
        sent = await world.put(live_s=600)
        async with world.running():
            await world.ends(sent, "3|accepted|a|")
            await world.rests()
        assert len(world.sink.got) == 1
        assert sent.code in world.sink.got[0]["text"]
        assert 500 < world.sink.got[0]["valid_for_s"] <= 600

    play(story, url)


@pytest.mark.parametrize(
    ("queued_before_its_end_ms", "told"), [(600_000, 10), (480_001, 9), (480_000, 8), (59_000, 1), (1, 1), (-5_000, 10)]
)
def test_a_text_tells_what_was_left_when_it_was_queued(url: str, queued_before_its_end_ms: int, told: int) -> None:
    """A resend's text tells the minutes that its code still had, begun ones too, or the policy's if nothing says."""

    async def story(world: World) -> None:
        deadline = int(time.time() * 1000) + 60_000
        sent = await world.put(d=str(deadline), q=str(deadline - queued_before_its_end_ms))
        async with world.running():
            await world.ends(sent, "3|accepted|a|")
        assert f"valid for {told} min." in world.sink.got[0]["text"]

    play(story, url)


def test_each_try_and_each_state_is_a_fact(url: str) -> None:
    """The ledger hears of every attempt with its verdict and of the message's new state."""

    async def story(world: World) -> None:
        sent = await world.put()
        async with world.running():
            await world.rests()
        attempt, message = world.ledger.facts[f"{sent.message}:a1"], world.ledger.facts[f"{sent.message}:3"]
        assert attempt.type == "attempt"
        assert attempt.data["verdict"] == "accepted"
        assert attempt.data["provider_message_id"] == f"v-{sent.message}"
        assert message.data["status"] == "accepted"
        assert message.data["verification"] == sent.verification

    play(story, url)


def test_high_goes_before_normal_before_bulk(url: str) -> None:
    """Whatever waited longer, the urgent message is sent first."""

    async def story(world: World) -> None:
        order = [(await world.put(priority)).message for priority in ("bulk", "normal", "high")]
        async with world.running(concurrency=1):
            await world.rests()
        assert [got["id"] for got in world.sink.got] == order[::-1]

    play(story, url)


def test_a_code_that_nobody_waits_for_is_not_sent(url: str) -> None:
    """Verifications that were approved, replaced or wiped meanwhile cost no message."""

    async def story(world: World) -> None:
        approved, replaced, wanted = [await world.put() for _ in range(3)]
        await world.redis.hset(approved.record, "st", "approved")
        await world.redis.hset(replaced.record, "id", "ver_other")
        async with world.running():
            await world.ends(approved, "5|canceled||canceled")
            await world.ends(replaced, "5|canceled||canceled")
            await world.ends(wanted, "3|accepted|a|")
        assert [got["id"] for got in world.sink.got] == [wanted.message]

    play(story, url)


def test_an_expired_code_is_not_sent(url: str) -> None:
    """A message that waited past its verification's life ends as expired and costs nothing."""

    async def story(world: World) -> None:
        sent = await world.put(live_s=-1)
        async with world.running():
            await world.ends(sent, "5|expired||expired")
        assert world.sink.got == []

    play(story, url)


def test_the_next_provider_gets_the_same_code_at_once(url: str) -> None:
    """When a provider can't, the next one is asked at once, with the same code."""

    async def story(world: World) -> None:
        world.sink.answers["a"] = refuse(500)
        sent = await world.put()
        async with world.running(providers=("a", "b")):
            await world.ends(sent, "3|accepted|b|")
            await world.rests()
        assert world.sink.texts("a") == world.sink.texts("b") != []
        assert sent.code in world.sink.texts("b")[0]
        verdicts = [world.ledger.facts[f"{sent.message}:a{n}"].data["verdict"] for n in (1, 2)]
        assert verdicts == ["try_another", "accepted"]

    play(story, url)


def test_a_rejected_message_goes_to_nobody_else(url: str) -> None:
    """A number that doesn't exist is not tried with every provider in turn."""

    async def story(world: World) -> None:
        world.sink.answers["a"] = refuse(400)
        sent = await world.put()
        async with world.running(providers=("a", "b")):
            await world.ends(sent, "5|failed|a|invalid_number")
        assert world.sink.texts("b") == []

    play(story, url)


def test_a_busy_provider_is_asked_again_later(url: str) -> None:
    """With nobody else to ask, a throttled message waits as long as the vendor said and is sent then."""

    async def story(world: World) -> None:
        answers, asked_at = iter([refuse(429, **{"Retry-After": "1"}), accept]), list[float]()

        def answer(sent: dict[str, Any]) -> Awaitable[web.StreamResponse]:
            asked_at.append(time.monotonic())
            return next(answers)(sent)

        world.sink.answers["a"] = answer
        sent = await world.put()
        async with world.running(providers=("a",)):
            await world.ends(sent, "3|accepted|a|")
            await world.rests()
        first, second = asked_at
        assert second - first > 0.99
        verdicts = [world.ledger.facts[f"{sent.message}:a{n}"].data["verdict"] for n in (1, 2)]
        assert verdicts == ["try_later", "accepted"]

    play(story, url)


def test_no_retry_outlives_the_deadline(url: str) -> None:
    """A wait that would end after the code's life is not begun: the message fails with the vendor's reason."""

    async def story(world: World) -> None:
        world.sink.answers["a"] = refuse(429, **{"Retry-After": "30"})
        sent = await world.put(live_s=25)
        async with world.running():
            await world.ends(sent, "5|failed|a|rate_limited")
            await world.rests()
        assert len(world.sink.got) == 1

    play(story, url)


def test_a_vendor_that_cannot_be_reached_was_sent_nothing(url: str) -> None:
    """A refused connection is no ambiguity: another provider is asked, and the reason is the connection."""

    async def story(world: World) -> None:
        world.sink.url = "http://127.0.0.1:1/"
        sent = await world.put()
        async with world.running():
            await world.ends(sent, "2|sending|a|connection")
            await eventually(lambda: world.redis.xlen(Keys.of(0).facts), 0)
        assert world.ledger.facts[f"{sent.message}:a1"].data["verdict"] == "try_another"

    play(story, url)


def test_without_a_provider_the_message_fails_with_that_reason(url: str) -> None:
    """A code that no provider may take ends as failed: no_provider."""

    async def story(world: World) -> None:
        sent = await world.put()
        async with world.running(providers=()):
            await world.ends(sent, "5|failed||no_provider")

    play(story, url)


def test_every_cell_is_read(url: str) -> None:
    """With several cells a courier reads and settles each of them."""

    async def story(world: World) -> None:
        sent = [await world.put() for _ in range(12)]
        async with world.running():
            for one in sent:
                await world.ends(one, "3|accepted|a|")
            await world.rests()
        assert len({one.record[:4] for one in sent}) > 1

    play(story, url, cells=4)
