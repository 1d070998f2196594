"""The way to webhooks: to the address that was judged and no other, whatever names, redirects and proxies say."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx

from otp_service.domain.public_addresses import Reach, Target

LIMIT_S = 5.0  # for all of it: the name, the connection, the answer
CONNECT_S = 2.0  # of each address, so that one that is dead leaves time for the next
MOST_ADDRESSES = 4
MOST_ANSWER = 64 * 1024

# Threads of their own: names that nobody answers for must not hold up those who write to the ledger.
LOOKUPS = ThreadPoolExecutor(max_workers=16, thread_name_prefix="webhook-names")

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# First match wins: what admins read where there was no status.
WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLError, "bad_certificate"),
    (TimeoutError, "timeout"),
    (httpx.TimeoutException, "timeout"),
    (socket.gaierror, "unknown_host"),
    (httpx.ConnectError, "unreachable"),
    (httpx.TransportError, "bad_answer"),
    (ValueError, "not_public"),
)


async def resolve(host: str, port: int) -> list[str]:
    """The host's addresses, as this machine finds them; an address is its own."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(LOOKUPS, ask)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def word(error: BaseException) -> str:
    """Why there was no status, in a word."""
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and len(causes) < 8:
        causes.append(cause)
    return next((told for known, told in WORDS if any(isinstance(each, known) for each in causes)), "failed")


class WebhookClient:
    """Posts to webhooks within their reach. `tls` says whom to trust; None trusts what this machine trusts."""

    def __init__(
        self,
        reach: Reach,
        resolve: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
        limit_s: float = LIMIT_S,
    ) -> None:
        self._reach, self._resolve, self._limit_s = reach, resolve, limit_s
        # The transport alone: it knows neither redirects nor cookies. No connection is kept, for each must be judged.
        self._transport = httpx.AsyncHTTPTransport(
            verify=tls or ssl.create_default_context(),
            trust_env=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status of the answer, whose body is ignored; word() tells whatever it raises."""
        target = self._reach.target(url)
        async with asyncio.timeout(self._limit_s):
            addresses = await self._resolve(target.host, target.port)
            self._reach.judge(target, addresses)
            return await self._first_reached(url, target, addresses[:MOST_ADDRESSES], headers, body)

    async def aclose(self) -> None:
        """Closes what is open."""
        await self._transport.aclose()

    async def _first_reached(
        self, url: str, target: Target, addresses: Sequence[str], headers: Mapping[str, str], body: bytes
    ) -> int:
        for place, address in enumerate(addresses, 1):
            request = _request(url, target, address, headers, body)
            try:
                return await self._status(request)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if place == len(addresses):
                    raise
        raise ValueError("the host has no address")

    async def _status(self, request: httpx.Request) -> int:
        response = await self._transport.handle_async_request(request)
        try:
            await _swallow(response)
        finally:
            await response.aclose()
        return response.status_code


async def _swallow(response: httpx.Response) -> None:
    """Lets the other side finish, within bounds; what it says is never looked at, and so never unpacked."""
    left = MOST_ANSWER
    async for chunk in response.stream:  # type: ignore[union-attr]
        left -= len(chunk)
        if left <= 0:
            return


def _request(url: str, target: Target, address: str, headers: Mapping[str, str], body: bytes) -> httpx.Request:
    asked = httpx.URL(url)
    own = {"Host": asked.netloc.decode(), "Content-Type": "application/json", "User-Agent": "otp-service"}
    name = target.host.removesuffix(".")
    timeouts = dict.fromkeys(("connect", "pool"), CONNECT_S)  # the rest is bounded as a whole
    return httpx.Request(
        "POST",
        asked.copy_with(host=address),
        headers={**own, **headers},
        content=body,
        extensions={"sni_hostname": name, "timeout": timeouts},
    )
