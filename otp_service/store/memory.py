"""The Redis that lives in this process: memory only, for development without a server."""

from typing import Any

import fakeredis
import fakeredis.aioredis

_SERVER = fakeredis.FakeServer(server_type="redis")


def client() -> Any:
    """The web's client of it."""
    return fakeredis.FakeRedis(server=_SERVER, decode_responses=True)


def courier_client() -> Any:
    """The courier's client of the same data, on asyncio, answering in bytes."""
    return fakeredis.aioredis.FakeRedis(server=_SERVER)
