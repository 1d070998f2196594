"""What a courier takes on at once, and that it takes nothing on twice."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from aiohttp import web

from otp_service.store.outbox import GROUP, Keys
from otp_service.store.scripts import load
from tests.courier.world import PATIENT, QUICK, World, accept, eventually, play

OUTBOX = Keys.of(0).outbox[0]
Asked = Callable[[], Awaitable[Any]]


class Way:
    """A way to Redis on which a test has a hand on one script: `around` is given each call of it."""

    def __init__(self, redis: Any, script: str, around: Callable[[Asked], Awaitable[Any]]) -> None:
        self._redis, self._around = redis, around
        self._names = {load(script).sha, load(script).source}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._redis, name)

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Lets everything through that is not this script."""

        async def ask() -> Any:
            return await self._redis.execute_command(*args, **options)

        return await (self._around(ask) if self._names.intersection(args[1:2]) else ask())


def test_a_courier_takes_on_no_more_than_it_has_places_for(url: str) -> None:
    """A place that is gone before a courier could read for it is not used twice, however slow the reading is."""

    async def story(world: World) -> None:
        in_hand, seen = Counter[str](), Counter[int]()

        async def slowly(ask: Asked) -> Any:
            reply = await ask()
            await asyncio.sleep(0.02)
            return reply

        async def noted(sent: dict[str, Any]) -> web.StreamResponse:
            in_hand["messages"] += 1
            seen[in_hand["messages"]] += 1
            await asyncio.sleep(0.02)
            in_hand["messages"] -= 1
            return await accept(sent)

        world.redis = Way(world.redis, "claim_next", slowly)
        world.sink.answers["a"] = noted
        for _ in range(15):
            for priority in ("high", "normal", "bulk"):
                await world.put(priority)
        async with world.running(concurrency=1, timing=replace(QUICK, take_over_s=0.001)):
            await world.rests()
        assert seen == {1: 45}

    play(story, url)


def test_what_ends_while_a_courier_looks_for_what_was_left_is_not_sent_again(url: str) -> None:
    """A courier that was too busy to renew what it holds finds it among what is left undone, and does not redo it."""

    async def story(world: World) -> None:
        told, found, ended, looks = asyncio.Event(), asyncio.Event(), asyncio.Event(), Counter[str]()

        async def paused(ask: Asked) -> Any:
            reply = await ask()
            if reply:
                found.set()
                await ended.wait()
            looks["over"] += ended.is_set()
            return reply

        async def answer(sent: dict[str, Any]) -> web.StreamResponse:
            await told.wait()
            return await accept(sent)

        async def is_asked() -> bool:
            return bool(world.sink.got)

        async def is_found() -> bool:
            """As if nobody had renewed the entry for long."""
            for entry in await world.redis.xpending_range(OUTBOX, GROUP, "-", "+", 1):
                id, holder = entry["message_id"], entry["consumer"]
                await world.redis.xclaim(OUTBOX, GROUP, holder, 0, [id], idle=PATIENT.idle_ms, justid=True)
            return found.is_set()

        async def has_looked_again() -> bool:
            return looks["over"] >= 8

        world.redis = Way(world.redis, "claim_idle", paused)
        world.sink.answers["a"] = answer
        sent = await world.put()
        async with world.running(timing=replace(PATIENT, renew_s=600)):
            await eventually(is_asked, True)
            await eventually(is_found, True)
            told.set()
            await world.ends(sent, "3|accepted|a|")
            ended.set()
            await eventually(has_looked_again, True)
        assert len(world.sink.got) == 1

    play(story, url)
