"""What a courier takes on at once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from aiohttp import web

from otp_service.store.scripts import load
from tests.courier.world import QUICK, World, accept, play

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
