"""The Redis that lives in this process: memory only, for development without a server."""

import asyncio
import time
from typing import Any

import fakeredis
import fakeredis.aioredis

LOOK_EVERY_S = 0.05

_SERVER = fakeredis.FakeServer(server_type="redis")


class _Waiting(fakeredis.aioredis.FakeRedis):
    """Waits where Redis would: fakeredis overlooks BLOCK, and couriers that ask again at once keep a processor busy."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        ask = super().execute_command
        reply = await ask(*args, **options)  # type: ignore[no-untyped-call]
        if args[0] != "XREADGROUP" or "BLOCK" not in args:
            return reply
        until = time.monotonic() + args[args.index("BLOCK") + 1] / 1000
        while not reply and time.monotonic() < until:
            await asyncio.sleep(LOOK_EVERY_S)
            reply = await ask(*args, **options)  # type: ignore[no-untyped-call]
        return reply


def client() -> Any:
    """The web's client of it."""
    return fakeredis.FakeRedis(server=_SERVER, decode_responses=True)


def courier_client() -> Any:
    """The courier's client of the same data, on asyncio, answering in bytes."""
    return _Waiting(server=_SERVER)
