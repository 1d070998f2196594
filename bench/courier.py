"""How fast one courier is: to local HTTP sinks, beside plain httpx, and without HTTP at all.

The sinks stand for vendors: one, four that share the messages, and four of which one refuses connections. Redis and the
sinks are processes of their own. The floor is one httpx.AsyncClient that posts the same bodies over 32
connections and does nothing else: no queue, no rendering, no facts. Rates per core divide by this process' CPU time, so
that they hold on a machine that does other work too. The facts stay in their stream: draining is the ledger's cost.
"""

import asyncio
import contextlib
import io
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx
import structlog
from redis.asyncio import Redis

from bench.servers import redis_server, socket_of
from bench.sink import sink
from otp_service.courier import Courier, VendorClient, vendor_client
from otp_service.domain.facts import Fact
from otp_service.domain.ids import address, message_id, verification_id
from otp_service.domain.keys import KeyRing
from otp_service.domain.messages import Message, Outcome, Verdict
from otp_service.domain.routes.routing import Routing
from otp_service.domain.routes.rules import Candidate
from otp_service.domain.templates.template import Wording
from otp_service.providers.base import Options, Silent
from otp_service.store.connect import connect_courier
from otp_service.store.keys import subject_keys
from otp_service.store.outbox import LEDGER_GROUP, Keys

ROUNDS = 5
WITH_HTTP = 1_000  # messages a round
WITHOUT_HTTP = 5_000
PLAIN = 250
CONNECTIONS = 32
VENDORS = 4
DEAD = "http://127.0.0.1:1/"  # nobody listens there
RING = KeyRing({"bench": b"b" * 32})
KEYS = Keys.of(0)


@dataclass(frozen=True)
class Rate:
    """Messages of one run."""

    per_s: float
    per_core_s: float


class Vendor(Silent):
    """A provider of the sink."""

    kind: ClassVar[str] = "bench"
    options_type: ClassVar[type[Options]] = Options

    def __init__(self, url: str, name: str = "bench") -> None:
        self._url, self.name = url, name

    def request(self, message: Message, now: float) -> httpx.Request:
        """A POST of what vendors commonly take."""
        return httpx.Request("POST", self._url, json={"id": message.id, "to": message.to, "text": message.text})

    def outcome(self, response: httpx.Response) -> Outcome:
        """202 is yes."""
        found = json.loads(response.content)["id"] if response.status_code == 202 else None
        return Outcome(Verdict.ACCEPTED if found else Verdict.TRY_ANOTHER, provider_message_id=found)


class NoVendor(Vendor):
    """A provider that costs nothing: always the same request."""

    def __init__(self) -> None:
        super().__init__("http://bench.invalid/")
        self._same = httpx.Request("POST", self._url)

    def request(self, message: Message, now: float) -> httpx.Request:
        """The same for every message."""
        return self._same


class NoClient(VendorClient):
    """A client without a network: always the same answer."""

    same = httpx.Response(202, content=b'{"id": "v1"}')

    async def send(self, request: httpx.Request, limit_s: float) -> httpx.Response:
        """At once."""
        return self.same


async def queue(redis: Redis, count: int) -> None:
    """Puts so many codes into an empty Redis, each with its record."""
    await redis.flushall()
    # A group that starts beyond the end: the drain finds nothing to do.
    await redis.xgroup_create(KEYS.facts, LEDGER_GROUP, id=f"{10**15}-0", mkstream=True)
    until = str(int(time.time() * 1000) + 600_000)
    for first in range(0, count, 500):
        async with redis.pipeline(transaction=False) as pipe:
            for number in range(first, min(first + 500, count)):
                record, fields = entry(number, until)
                pipe.hset(record, mapping={"id": fields["i"], "st": "pending", "exp": until})
                pipe.xadd(KEYS.outbox[0], fields)
            await pipe.execute()


def entry(number: int, until: str) -> tuple[str, dict[Any, Any]]:
    """The record's key and the outbox entry of one code."""
    to, random = f"+4179{number:07d}", number.to_bytes(16, "big")
    at = address(b"i" * 32, "app_1", to, "login")
    message = message_id(random)
    sealed = {"to": to, "country": "CH", "application": "app_1", "realm": "app_1", "app_name": "Shop", "minutes": 10}
    sealed |= {"template": "default", "version": 0, "locale": "en", "variables": {}, "binding": {}, "code": None}
    sealed |= {"sender": None, "webotp_host": None, "android_app_hash": None, "test": False}
    envelope = RING.seal(json.dumps(sealed).encode(), message, number.to_bytes(12, "big"))
    fields = {"v": "1", "m": message, "i": verification_id(b"i" * 32, "app_1", at, random), "k": "bench"}
    fields |= {"c": "digits:6", "d": until, "e": envelope, "r": f"req_{number}", "q": until, "p": "50000"}
    return subject_keys(at, 1).record, fields


def courier(redis: Redis, client: VendorClient, vendors: Sequence[Vendor]) -> Courier:
    """A courier as production runs it, with providers that share the messages."""
    routing = Routing(tuple(Candidate(vendor.name) for vendor in vendors))
    return Courier(
        redis=redis,
        cells=1,
        ring=RING,
        templates=lambda application: Wording(),
        providers={vendor.name: vendor for vendor in vendors},
        routing=lambda: routing,
        client=client,
        apply_facts=_no_ledger,
        retain=lambda: None,
        receipts_url=lambda provider, message, verification: None,
        take_out=lambda *told: None,
        consumer_name="bench",
    )


def _no_ledger(facts: Sequence[Fact]) -> None:
    raise AssertionError("the benchmark drains no facts")


async def emptied(redis: Redis) -> None:
    """Returns when all messages are settled."""
    while await redis.xlen(KEYS.outbox[0]):
        await asyncio.sleep(0.02)


async def timed(count: int, work: Callable[[], Awaitable[object]]) -> Rate:
    """The rate of some work over `count` messages."""
    wall, cpu = time.perf_counter(), time.process_time()
    await work()
    return Rate(count / (time.perf_counter() - wall), count / (time.process_time() - cpu))


async def courier_run(redis: Redis, count: int, client: VendorClient, *vendors: Vendor) -> Rate:
    """One courier empties an outbox."""
    await queue(redis, count)
    stop = asyncio.Event()

    async def work() -> None:
        running.append(asyncio.create_task(courier(redis, client, vendors).run(stop)))
        await emptied(redis)

    running: list[asyncio.Task[None]] = []
    rate = await timed(count, work)
    stop.set()
    await running[0]
    return rate


async def plain_run(url: str, count: int) -> Rate:
    """One plain httpx.AsyncClient posts as many bodies over 32 connections."""
    left = iter(range(count))
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    text = "Shop: your code is 123456. It is valid for 10 minutes."

    async with httpx.AsyncClient(limits=limits, trust_env=False) as client:

        async def post() -> None:
            for number in left:
                body = {"id": f"msg_{number:022d}", "to": f"+4179{number:07d}", "text": text}
                (await client.post(url, json=body)).raise_for_status()

        async def work() -> None:
            await asyncio.gather(*(post() for _ in range(CONNECTIONS)))

        return await timed(count, work)


async def rounds(socket: str, urls: Sequence[str]) -> dict[str, list[Rate]]:
    """Interleaved, so that a slow minute of the machine is everybody's."""
    found: dict[str, list[Rate]] = {"sink": [], "four": [], "dead": [], "plain": [], "no_http": []}
    one, *others = (Vendor(url, f"sink-{number}") for number, url in enumerate(urls))
    redis = connect_courier(f"unix://{socket}")
    async with redis, vendor_client(200) as client, NoClient(1, {}) as no_client:
        for _ in range(ROUNDS):
            found["sink"].append(await courier_run(redis, WITH_HTTP, client, one))
            found["four"].append(await courier_run(redis, WITH_HTTP, client, one, *others))
            found["dead"].append(await courier_run(redis, WITH_HTTP, client, Vendor(DEAD, one.name), *others))
            found["plain"].append(await plain_run(urls[0], PLAIN))
            found["no_http"].append(await courier_run(redis, WITHOUT_HTTP, no_client, NoVendor()))
    return found


class Nowhere(io.StringIO):
    """A file that forgets."""

    def write(self, text: str) -> int:
        """Nothing."""
        return len(text)


def quiet_logs() -> None:
    """Log lines are made and written as in production, but nobody reads them."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        logger_factory=structlog.WriteLoggerFactory(file=Nowhere()),
        cache_logger_on_first_use=True,
    )


def median(rates: Sequence[Rate]) -> Rate:
    """The middle of each figure."""
    middle = len(rates) // 2
    return Rate(sorted(r.per_s for r in rates)[middle], sorted(r.per_core_s for r in rates)[middle])


def figures() -> dict[str, float]:
    """Messages a second, and a second of one core; the medians of interleaved rounds."""
    quiet_logs()
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(redis_server())
        urls = [stack.enter_context(sink()) for _ in range(VENDORS)]
        found = {name: median(rates) for name, rates in asyncio.run(rounds(socket_of(server), urls)).items()}
    return {
        "courier_sink_per_s": found["sink"].per_s,
        "courier_sink_per_core_s": found["sink"].per_core_s,
        "courier_message_us": 1e6 / found["sink"].per_core_s,
        "courier_four_per_core_s": found["four"].per_core_s,
        "courier_dead_per_core_s": found["dead"].per_core_s,
        "plain_httpx_per_s": found["plain"].per_s,
        "plain_httpx_per_core_s": found["plain"].per_core_s,
        "courier_over_plain_httpx": found["sink"].per_core_s / found["plain"].per_core_s,
        "courier_no_http_per_s": found["no_http"].per_s,
        "courier_no_http_per_core_s": found["no_http"].per_core_s,
    }


def main() -> None:
    """Prints the figures."""
    for name, figure in figures().items():
        print(f"{name:28} {figure:10,.1f}")


if __name__ == "__main__":
    main()
