"""The way to the vendors: httpx requests over aiohttp, and what it means when no answer came."""

import asyncio
import zlib
from collections.abc import Mapping
from typing import Self

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from otp_service.domain.routing import FailureKind

CALL_S = 8.0
CONNECT_S = 3.0  # well below CALL_S: a vendor that can't be reached leaves time to ask another, and nothing was sent
IDLE_CONNECTION_S = 15.0
MOST_ANSWER = 256 * 1024  # bytes, packed and unpacked
ASKED_FOR = {"Accept-Encoding": "gzip"}
GZIP = zlib.MAX_WBITS + 16  # as zlib's window bits say it
PACKED = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})

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
            try:
                raw = await _read(response)
            finally:
                await response.aclose()
        return _whole(response, raw, request)

    async def aclose(self) -> None:
        """Closes every connection."""
        for transport in (self._internet, *self._mounts.values()):
            await transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.aclose()


async def _read(response: httpx.Response) -> bytes:
    pieces, size = [], 0
    async for piece in response.stream:  # type: ignore[union-attr]
        size += len(piece)
        if size > MOST_ANSWER:
            raise ValueError("the answer is too long to be one")
        pieces.append(piece)
    return b"".join(pieces)


def _whole(response: httpx.Response, raw: bytes, request: httpx.Request) -> httpx.Response:
    """The answer with its body unpacked, within bounds: httpx would let a few kilobytes become gigabytes."""
    headers = [(name, value) for name, value in response.headers.raw if name.lower() not in PACKED]
    packed = response.headers.get("content-encoding", "identity").strip().lower()
    if raw and packed != "identity":
        if packed != "gzip":
            raise ValueError("the answer is packed in a way that was not asked for")
        raw = zlib.decompressobj(wbits=GZIP).decompress(raw, MOST_ANSWER)  # what is cut off can't be read, as it should
    return httpx.Response(response.status_code, headers=headers, content=raw, request=request)


def vendor_client(connections: int, mounts: Mapping[str, httpx.AsyncBaseTransport] | None = None) -> VendorClient:
    """The client of one courier; `mounts` leads hosts such as `all://simulator.invalid` to transports of their own."""
    return VendorClient(connections, mounts or {})


def _session(connections: int) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=connections, keepalive_timeout=IDLE_CONNECTION_S)
    session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), headers=ASKED_FOR)
    # aiohttp repeats a GET whose kept-alive connection broke, though the gateway may have sent the message already.
    session._retry_connection = False
    return session
