"""The way to the vendors: an httpx client over aiohttp, and what it means when no answer came."""

from collections.abc import Mapping

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


def vendor_client(concurrency: int, mounts: Mapping[str, httpx.AsyncBaseTransport] | None = None) -> httpx.AsyncClient:
    """The client of one courier; `mounts` lead hosts such as `all://simulator.invalid` to transports of their own."""
    transport = AiohttpTransport(client=lambda: _session(concurrency))
    return httpx.AsyncClient(transport=transport, mounts=mounts, trust_env=False)


def _session(concurrency: int) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=concurrency, keepalive_timeout=IDLE_CONNECTION_S)
    session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
    # aiohttp repeats a GET whose kept-alive connection broke, though the gateway may have sent the message already.
    session._retry_connection = False
    return session


async def send(client: httpx.AsyncClient, request: httpx.Request, left_s: float) -> httpx.Response:
    """The answer, within CALL_S and what is left of the message's life; the caller holds the overall timeout."""
    limit_s = min(CALL_S, left_s)
    request.extensions["timeout"] = {
        "connect": min(CONNECT_S, limit_s),
        "pool": min(CONNECT_S, limit_s),
        "read": limit_s,
        "write": limit_s,
    }
    return await client.send(request)
