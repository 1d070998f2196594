"""Receipts that beat the answer of their provider."""

import asyncio
from typing import Any

from aiohttp import web

from otp_service.domain.messages import Receipt
from otp_service.store.connect import connect
from otp_service.store.receipts import Sent, apply_receipt
from tests.courier.world import World, accept, play


def test_a_report_before_the_answer_counts_once_the_answer_is_settled(url: str) -> None:
    """A bad end that came first ends the message when it is known who carries it, in the record and for the ledger."""

    async def story(world: World) -> None:
        sent = await world.put(live_s=20)
        named = Sent(sent.message, sent.verification)

        async def reported_first(got: dict[str, Any]) -> web.StreamResponse:
            bad = Receipt("v-1", "undelivered", "unreachable")
            await asyncio.to_thread(lambda: apply_receipt(connect(url), 1, named, "a", bad))
            return await accept(got)

        world.sink.answers["a"] = reported_first
        async with world.running(watched_s=50):  # longer than the code lives: nobody else is asked
            await world.ends(sent, "5|undelivered|a|unreachable")
            await world.rests()
        told = world.ledger.facts[f"{sent.message}:5"].data
        assert (told["status"], told["reason"], told["provider"]) == ("undelivered", "unreachable", "a")
        assert told["verification"] == sent.verification
        assert world.ledger.facts[f"{sent.message}:3"].data["status"] == "accepted"

    play(story, url)


def test_all_segments_reported_before_the_answer_deliver_the_message(url: str) -> None:
    """How many segments there are is known with the answer only, and then it is concluded."""

    async def story(world: World) -> None:
        sent = await world.put(live_s=20)
        named = Sent(sent.message, sent.verification)

        async def reported_first(got: dict[str, Any]) -> web.StreamResponse:
            for part in ("x", "y"):
                good = Receipt(part, "delivered", part=part, parts=2)
                await asyncio.to_thread(apply_receipt, connect(url), 1, named, "a", good)
            return await accept(got)

        world.sink.answers["a"] = reported_first
        async with world.running(watched_s=50):  # longer than the code lives: nobody else is asked
            await world.ends(sent, "6|delivered|a|")

    play(story, url)
