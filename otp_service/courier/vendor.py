"""The way to the vendors: httpx requests over aiohttp, and what it means when no answer came."""

import asyncio
from collections.abc import Mapping
from typing import Self

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from otp_service.domain.routing import FailureKind

CALL_S = 8.0
CONNECT_S = 3.0  # well below CALL_S: a vendor that can't be reached leaves time to ask another, and nothing was sent
IDLE_CONNECTION_S = 15.0

# First match wins. aiohttp's own error, where there is one, tells more than the httpx error it was translated to:
# a server that hangs up after the request was written becomes httpx.ConnectTimeout.
KINDS: tuple[tuple[type[BaseException], FailureKind], ...] = (
    (aiohttp.ClientConnectorError, "connect"),
    (aiohttp.ConnectionTimeoutError, "connect"),
    (aiohttp.InvalidURL, "connect"),
    (aiohttp.ServerTimeoutError, "timeout"),
    (aiohttp.ClientConnectionError, "write"),
    (aiohttp.ClientError, "protocol"),
    (httpx.ConnectError, "connect"),
    (httpx.ConnectTimeout, "connect"),
    (httpx.PoolTimeout, "connect"),
    (httpx.UnsupportedProtocol, "connect"),
    (httpx.InvalidURL, "connect"),
    (httpx.TimeoutException, "timeout"),
    (TimeoutError, "timeout"),
    (httpx.ReadError, "write"),
    (httpx.WriteError, "write"),
    (OSError, "write"),
)


def failure_kind(error: BaseException) -> FailureKind:
    """How far a request got that has no answer: `connect` means that nothing was sent."""
    told = error.__cause__ if isinstance(error.__cause__, aiohttp.ClientError) else error
    return next((kind for known, kind in KINDS if isinstance(told, known)), "protocol")


class VendorClient:
    """Sends requests as they are: no redirect is followed, no cookie kept, nothing repeated and nothing logged.

    It speaks to httpx transports directly: httpx.AsyncClient on top would cost a third more, and it logs URLs, in which
    some gateways want the number and the text.
    """

    def __init__(self, connections: int, mounts: Mapping[str, httpx.AsyncBaseTransport]) -> None:
        self._mounts = {httpx.URL(pattern).host: transport for pattern, transport in mounts.items()}
        self._internet = AiohttpTransport(client=lambda: _session(connections))

    async def send(self, request: httpx.Request, limit_s: float) -> httpx.Response:
        """The whole answer, within `limit_s`; whatever it raises, failure_kind() says how far the request got."""
        connect_s = min(CONNECT_S, limit_s)
        request.extensions["timeout"] = {"connect": connect_s, "pool": connect_s, "read": limit_s, "write": limit_s}
        transport = self._mounts.get(request.url.host, self._internet)
        async with asyncio.timeout(limit_s):
            response = await transport.handle_async_request(request)
            response.request = request
            try:
                await response.aread()
            finally:
                await response.aclose()
        return response

    async def aclose(self) -> None:
        """Closes every connection."""
        for transport in (self._internet, *self._mounts.values()):
            await transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.aclose()


def vendor_client(connections: int, mounts: Mapping[str, httpx.AsyncBaseTransport] | None = None) -> VendorClient:
    """The client of one courier; `mounts` leads hosts such as `all://simulator.invalid` to transports of their own."""
    return VendorClient(connections, mounts or {})


def _session(connections: int) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=connections, keepalive_timeout=IDLE_CONNECTION_S)
    session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
    # aiohttp repeats a GET whose kept-alive connection broke, though the gateway may have sent the message already.
    session._retry_connection = False
    return session
