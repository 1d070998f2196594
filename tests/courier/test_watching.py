"""What becomes of a code that a provider accepted and did not report in time."""

import asyncio
import json
from dataclasses import replace
from typing import Any

from aiohttp import web

from otp_service.domain.messages import MessageStatus, Receipt
from otp_service.store.connect import connect
from otp_service.store.keys import parts_key
from otp_service.store.outbox import Keys
from otp_service.store.receipts import Sent as Named
from otp_service.store.receipts import apply_receipt
from tests.courier.world import QUICK, Sent, World, accept, eventually, play, refuse

KEYS = Keys.of(0)


async def report(url: str, sent: Sent, provider: str, status: MessageStatus) -> None:
    """The provider reports what became of a message."""
    reason = None if status == "delivered" else "unreachable"
    named, receipt = Named(sent.message, sent.verification), Receipt(f"v-{sent.message}", status, reason)
    await asyncio.to_thread(lambda: apply_receipt(connect(url), 1, named, provider, receipt))


async def watched(world: World) -> int:
    """How many codes are watched."""
    return int(await world.redis.hlen(KEYS.held))


async def is_told(world: World, fact: str) -> bool:
    """Whether the ledger has this fact."""
    return fact in world.ledger.facts


async def asked(world: World) -> list[str]:
    """Who was given a message, in turn."""
    return [got["provider"] for got in world.sink.got]


def test_a_code_that_nobody_reports_goes_to_the_next_provider(url: str) -> None:
    """When no receipt comes in time, the next provider gets the same code, and each provider only once."""

    async def story(world: World) -> None:
        sent = await world.put()
        async with world.running(providers=("a", "b"), watched_s=1):
            await eventually(lambda: asked(world), ["a", "b"])
            await eventually(lambda: is_told(world, f"{sent.message}:a2"), True)
            await eventually(lambda: watched(world), 0)
            await world.rests()
        assert world.sink.texts("a") == world.sink.texts("b")
        assert len(world.sink.got) == 2

    play(story, url)


def test_a_delivered_code_is_watched_no_more(url: str) -> None:
    """A receipt that says delivered ends the watching, and nobody else is asked."""

    async def story(world: World) -> None:
        sent = await world.put(live_s=600)
        async with world.running(providers=("a", "b"), watched_s=50):
            await world.ends(sent, "3|accepted|a|")
            assert await watched(world) == await world.redis.zcard(KEYS.due) == 1
            await report(url, sent, "a", "delivered")
            await world.ends(sent, "6|delivered|a|")
            assert await watched(world) == await world.redis.zcard(KEYS.due) == 0
            await world.rests()
        assert await asked(world) == ["a"]

    play(story, url)


def test_a_code_that_will_not_arrive_goes_to_the_next_provider_at_once(url: str) -> None:
    """A bad receipt of a watched code moves nothing yet: the next provider is asked with the same code."""

    async def story(world: World) -> None:
        sent = await world.put(live_s=600)
        async with world.running(providers=("a", "b"), watched_s=50):
            await world.ends(sent, "3|accepted|a|")
            await report(url, sent, "a", "undelivered")
            await eventually(lambda: asked(world), ["a", "b"])
            await eventually(lambda: watched(world), 1)
            assert await world.status(sent) == "3|accepted|a|"
            await report(url, sent, "b", "delivered")
            await world.ends(sent, "6|delivered|b|")
        assert world.sink.texts("a") == world.sink.texts("b")

    play(story, url)


def test_where_nobody_is_left_the_bad_report_stands(url: str) -> None:
    """When every provider has reported badly, the message has ended as the last of them said."""

    async def story(world: World) -> None:
        sent = await world.put(live_s=600)
        async with world.running(providers=("a", "b"), watched_s=50):
            await eventually(lambda: watched(world), 1)
            await report(url, sent, "a", "undelivered")
            await eventually(lambda: asked(world), ["a", "b"])
            await eventually(lambda: watched(world), 1)
            await report(url, sent, "b", "undelivered")
            await world.ends(sent, "5|undelivered|b|unreachable")
            await world.rests()
        assert await asked(world) == ["a", "b"]

    play(story, url)


def test_where_nobody_is_left_an_unreported_message_stays_accepted(url: str) -> None:
    """A message of which nothing was reported is not called failed for that."""

    async def story(world: World) -> None:
        sent = await world.put()
        async with world.running(watched_s=1):
            await world.ends(sent, "3|accepted|a|")
            await eventually(lambda: watched(world), 0)
            await world.rests()
            assert await world.status(sent) == "3|accepted|a|"
        assert await asked(world) == ["a"]

    play(story, url)


def test_a_code_that_was_typed_is_not_sent_again(url: str) -> None:
    """Whatever was reported or not, nobody gets another copy of a code that was used, and it stays accepted."""

    async def story(world: World) -> None:
        sent = await world.put()

        async def typed_at_once(got: dict[str, Any]) -> web.StreamResponse:
            await world.redis.hset(sent.record, "st", "approved")
            return await accept(got)

        world.sink.answers["a"] = typed_at_once
        async with world.running(providers=("a", "b"), watched_s=1):
            await world.ends(sent, "3|accepted|a|")
            await eventually(lambda: watched(world), 0)
            await world.rests()
            assert await world.status(sent) == "3|accepted|a|"
        assert await asked(world) == ["a"]

    play(story, url)


def test_a_report_that_beats_the_answer_is_heeded(url: str) -> None:
    """A bad receipt that comes before the provider's own answer sends the code on as one that comes later."""

    async def story(world: World) -> None:
        sent = await world.put(live_s=600)

        async def reported_first(got: dict[str, Any]) -> web.StreamResponse:
            await report(url, sent, "a", "undelivered")
            return await accept(got)

        world.sink.answers["a"] = reported_first
        async with world.running(providers=("a", "b"), watched_s=50):
            await eventually(lambda: asked(world), ["a", "b"])
            await report(url, sent, "b", "delivered")
            await world.ends(sent, "6|delivered|b|")

    play(story, url)


def test_a_watch_that_would_outlive_the_code_is_not_begun(url: str) -> None:
    """A code whose life ends before its receipt is due is not watched."""

    async def story(world: World) -> None:
        sent = await world.put(live_s=20)
        async with world.running(providers=("a", "b"), watched_s=50):
            await world.ends(sent, "3|accepted|a|")
            await world.rests()
            assert await watched(world) == 0

    play(story, url)


def test_a_failover_that_fails_leaves_the_message_accepted(url: str) -> None:
    """If the provider that is asked in the end rejects it, the message is still with the one that accepted it."""

    async def story(world: World) -> None:
        world.sink.answers["b"] = refuse(400)
        sent = await world.put()
        async with world.running(providers=("a", "b"), watched_s=1):
            await eventually(lambda: asked(world), ["a", "b"])
            await world.rests()
            assert await world.status(sent) == "3|accepted|a|"
        assert world.ledger.facts[f"{sent.message}:a2"].data["verdict"] == "rejected"

    play(story, url)


def test_a_killed_courier_does_not_forget_what_it_watched(url: str) -> None:
    """What one courier watched is sent on by another."""

    async def story(world: World) -> None:
        sent = await world.put()
        lame = replace(QUICK, due_s=600)  # it is killed before it looks what is due
        async with world.running("first", providers=("a", "b"), watched_s=1, timing=lame) as first:
            await world.ends(sent, "3|accepted|a|")
            await first.kill()
        async with world.running("second", providers=("a", "b"), watched_s=1):
            await eventually(lambda: asked(world), ["a", "b"])

    play(story, url)


def test_an_entry_that_waits_for_its_time_is_sent_then(url: str) -> None:
    """An entry that is held until its time goes out then, and one that was taken away meanwhile does not."""

    async def story(world: World) -> None:
        sent, gone = await world.put(), await world.put()
        await world.redis.delete(KEYS.outbox[0])
        for one in (sent, gone):
            fields = [part for pair in one.fields.items() for part in pair]
            await world.redis.hset(KEYS.held, one.message, json.dumps([1, *fields]))
            await world.redis.zadd(KEYS.due, {f"@{one.message}": 1})
        await world.redis.hdel(KEYS.held, gone.message)
        async with world.running():
            await world.ends(sent, "3|accepted|a|")
            await world.rests()
        assert [got["id"] for got in world.sink.got] == [sent.message]

    play(story, url)


def test_who_carries_a_message_is_known_to_its_receipts(url: str) -> None:
    """Once a provider has accepted a message its receipts count, and not those of others."""

    async def story(world: World) -> None:
        sent = await world.put()
        async with world.running(watched_s=50):
            await world.ends(sent, "3|accepted|a|")
        assert await world.redis.hget(parts_key("{c0}", sent.message), "by") == b"a"

    play(story, url)
