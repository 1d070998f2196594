"""What the courier's tests share: a vendor that really listens, messages in the outbox, and couriers to run."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import httpx
from aiohttp import web
from redis.asyncio import Redis

from otp_service.courier import Courier, Timing, VendorClient, vendor_client
from otp_service.domain.codes import code_of
from otp_service.domain.facts import Fact
from otp_service.domain.ids import Address, address, message_id, verification_id
from otp_service.domain.keys import KeyRing
from otp_service.domain.messages import Message, Outcome, Verdict
from otp_service.domain.routes.routing import Routing
from otp_service.domain.routes.rules import Candidate, Rule
from otp_service.domain.templates.template import Wording
from otp_service.providers.base import Options, Silent
from otp_service.store.connect import connect_courier
from otp_service.store.keys import subject_keys
from otp_service.store.outbox import Keys

INDEX_KEY = b"i" * 32
RING = KeyRing({"k1": b"1" * 32})
QUICK = Timing(
    renew_s=0.1,
    idle_ms=400,
    facts_idle_ms=400,
    take_over_s=0.1,
    due_s=0.05,
    retain_s=0.2,
    backlog_s=0.1,
    share_s=0.05,
    stop_s=2,
)
# With several couriers at once: none is slow enough to be taken for dead.
PATIENT = replace(QUICK, idle_ms=60_000)
CONNECTIONS = 200  # to the vendors: nobody waits for one longer than a call may take

HOLDS = """
local held = redis.call('ZCARD', KEYS[1])
for at = 2, #KEYS do held = held + redis.call('XLEN', KEYS[at]) end
return held
"""  # how many entries a cell holds

Answer = Callable[[dict[str, Any]], Awaitable[web.StreamResponse]]


async def accept(sent: dict[str, Any]) -> web.StreamResponse:
    """The vendor takes the message."""
    return web.json_response({"id": f"v-{sent['id']}"}, status=202)


async def take_and_hang_up(sent: dict[str, Any]) -> web.StreamResponse:
    """The vendor has the message, and the connection breaks before it says so."""
    raise asyncio.CancelledError


async def forever(sent: dict[str, Any]) -> web.StreamResponse:
    """The vendor never answers."""
    await asyncio.sleep(60)
    return web.Response()


def refuse(status: int, **headers: str) -> Answer:
    """The vendor answers with this status."""

    async def answer(sent: dict[str, Any]) -> web.StreamResponse:
        return web.json_response({}, status=status, headers=headers)

    return answer


OUTCOMES = {
    400: (Verdict.REJECTED, "invalid_number"),
    401: (Verdict.MISCONFIGURED, "bad_credentials"),
    403: (Verdict.MISCONFIGURED, "unregistered_sender"),
}


class Vendor(Silent):
    """A provider whose vendor is the sink: by status what OUTCOMES says, 429 later, anything else try another."""

    kind: ClassVar[str] = "sink"
    options_type: ClassVar[type[Options]] = Options

    def __init__(self, name: str, url: str, reports: bool = False) -> None:
        self.name = name
        self.sends_receipts = reports
        self._url = url

    def request(self, message: Message, now: float) -> httpx.Request:
        """A POST of the message."""
        body = {"id": message.id, "to": message.to, "text": message.text, "valid_for_s": message.valid_for_s}
        return httpx.Request("POST", self._url, json={**body, "provider": self.name})

    def outcome(self, response: httpx.Response) -> Outcome:
        """By status alone."""
        match response.status_code:
            case 202:
                return Outcome(Verdict.ACCEPTED, provider_message_id=response.json()["id"])
            case 429:
                wait = int(response.headers["retry-after"])
                return Outcome(Verdict.TRY_LATER, "rate_limited", raw="http 429", retry_after_s=wait)
        verdict, reason = OUTCOMES.get(response.status_code, (Verdict.TRY_ANOTHER, "provider_error"))
        return Outcome(verdict, reason, raw=f"http {response.status_code}")


@dataclass
class Sink:
    """The vendors' own server, and what it got."""

    answers: dict[str, Answer] = field(default_factory=dict)
    got: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Notes the message and answers as told for its provider."""
        sent = await request.json()
        self.got.append(sent)
        return await self.answers.get(sent["provider"], accept)(sent)

    def texts(self, provider: str) -> list[str]:
        """The texts that one provider was given."""
        return [sent["text"] for sent in self.got if sent["provider"] == provider]


@dataclass
class Ledger:
    """Where facts are drained to."""

    facts: dict[str, Fact] = field(default_factory=dict)
    fails: Exception | None = None
    poison: str = ""

    def apply(self, facts: Sequence[Fact]) -> None:
        """All of them or none, as the real one does."""
        if self.fails:
            raise self.fails
        if any(fact.id == self.poison for fact in facts):
            raise KeyError("status")
        self.facts |= {fact.id: fact for fact in facts}


@dataclass(frozen=True)
class Sent:
    """A message that a test put into the outbox."""

    message: str
    verification: str
    record: str
    code: str
    fields: dict[str, str]


@dataclass
class World:
    """A Redis, a vendor's server and a ledger."""

    redis: Redis
    sink: Sink
    client: VendorClient
    ledger: Ledger = field(default_factory=Ledger)
    cells: int = 1
    count: int = 0
    retained: int = 0
    taken_out: list[tuple[Any, ...]] = field(default_factory=list)

    def retain(self) -> None:
        """Counts the calls."""
        self.retained += 1

    async def put(
        self, priority: str = "high", *, live_s: float = 60, ring: KeyRing = RING, country: str = "CH", **changes: str
    ) -> Sent:
        """Queues one code as the start script does, with a record that waits for it."""
        self.count += 1
        to = f"+417912{self.count:05d}"
        at = address(INDEX_KEY, "app_1", to, "login")
        verification = verification_id(INDEX_KEY, "app_1", at, self.count.to_bytes(16, "big"))
        message = message_id(self.count.to_bytes(16, "big"))
        now = int(time.time() * 1000)
        until = now + int(live_s * 1000)
        envelope = ring.seal(
            json.dumps(envelope_for(to) | {"country": country}).encode(), message, self.count.to_bytes(12, "big")
        )
        fields = {"v": "1", "m": message, "i": verification, "k": ring.current, "c": "digits:6", "d": str(until)}
        fields |= {"e": envelope, "r": "req_1", "q": str(now), "p": "50000"} | changes
        record = subject_keys(at, self.cells).record
        await self.redis.hset(record, mapping={"id": verification, "st": "pending", "exp": str(until), "mid": message})
        await self.redis.xadd(f"{cell_of(at, self.cells)}:out:{priority}", fields)
        code = code_of(ring, ring.current, verification, "digits", 6)
        return Sent(message, verification, record, code, fields)

    def courier(
        self, name: str = "one", providers: Sequence[str] = ("a",), watched_s: int | None = None, **options: Any
    ) -> Courier:
        """A courier whose providers all lead to the sink, in this order of preference.

        With `watched_s` they report, and a code that nobody reports of in that time goes to the next one.
        """
        candidates = tuple(Candidate(name, priority) for priority, name in enumerate(providers))
        vendors = {provider: Vendor(provider, self.sink.url, bool(watched_s)) for provider in providers}
        rules = (Rule("watched", receipt_timeout_s=watched_s),) if watched_s else ()
        routing = Routing(candidates, rules)
        settings: dict[str, Any] = {"concurrency": 50, "timing": QUICK, "ring": RING, **options}
        return Courier(
            redis=self.redis,
            cells=self.cells,
            templates=lambda application: Wording(),
            providers=settings.pop("vendors", vendors),
            routing=settings.pop("routing", lambda: routing),
            client=self.client,
            apply_facts=self.ledger.apply,
            retain=self.retain,
            receipts_url=lambda provider, message, verification: "https://otp.example/receipts",
            take_out=lambda *told: self.taken_out.append(told),
            consumer_name=name,
            **settings,
        )

    @asynccontextmanager
    async def running(self, *args: Any, **options: Any) -> AsyncIterator["Running"]:
        """A courier at work; it is stopped gracefully in the end."""
        stop = asyncio.Event()
        task = asyncio.create_task(self.courier(*args, **options).run(stop))
        running = Running(task, stop)
        try:
            yield running
        finally:
            await running.end()

    async def status(self, sent: Sent) -> str:
        """What the record says of the message: rank|status|provider|reason, or "" so far."""
        value = await self.redis.hget(sent.record, f"m:{sent.message}")
        return value.decode().rpartition("|")[0] if value else ""

    async def ends(self, sent: Sent, status: str) -> None:
        """Waits until the record says this of the message."""
        await eventually(lambda: self.status(sent), status)

    async def at_rest(self) -> bool:
        """True when no stream but the dead letters holds anything; in one look, for what is due moves meanwhile."""
        for cell in range(self.cells):
            keys = Keys.of(cell)
            if await self.redis.execute_command("EVAL", HOLDS, 5, keys.due, *keys.outbox, keys.facts):
                return False
        return True

    async def rests(self) -> None:
        """Waits until everything is sent, settled and drained."""
        await eventually(self.at_rest, True)

    async def dead(self) -> list[dict[bytes, bytes]]:
        """The dead letters of the first cell."""
        return [fields for _, fields in await self.redis.xrange(Keys.of(0).dead)]


@dataclass
class Running:
    """A courier at work."""

    task: asyncio.Task[None]
    stop: asyncio.Event

    async def end(self) -> None:
        """Stops it as SIGTERM does."""
        self.stop.set()
        if not self.task.cancelled():
            await asyncio.wait_for(asyncio.gather(self.task, return_exceptions=True), 60)
        if not self.task.cancelled() and self.task.exception():
            raise self.task.exception()

    async def kill(self) -> None:
        """Ends it in the middle of whatever it does: nothing more is written."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def envelope_for(to: str) -> dict[str, Any]:
    """What start seals for the courier."""
    return {
        "to": to,
        "country": "CH",
        "application": "app_1",
        "realm": "app_1",
        "app_name": "Shop",
        "template": "default",
        "version": 0,
        "locale": "en",
        "variables": {},
        "binding": {},
        "code": None,
        "minutes": 10,
        "sender": None,
        "webotp_host": None,
        "android_app_hash": None,
        "test": False,
        "ip": None,
        "user": None,
        "metadata": {},
    }


def cell_of(at: Address, cells: int) -> str:
    """The hash tag of an address' cell."""
    return subject_keys(at, cells).cell


def loops() -> int:
    """How many loops of couriers go on."""
    return sum(getattr(task.get_coro(), "__name__", "") == "repeat" for task in asyncio.all_tasks())


async def eventually(look: Callable[[], Awaitable[Any]], wanted: Any, within_s: float = 60) -> None:
    """Waits until `look` sees what is wanted."""
    until = time.monotonic() + within_s
    while (seen := await look()) != wanted:
        assert time.monotonic() < until, f"still {seen!r} after {within_s} s, not {wanted!r}"
        await asyncio.sleep(0.01)


def play(story: Callable[[World], Awaitable[None]], url: str, cells: int = 1) -> None:
    """Runs one test's story in a world of its own."""
    asyncio.run(_play(story, url, cells))


async def _play(story: Callable[[World], Awaitable[None]], url: str, cells: int) -> None:
    sink = Sink()
    app = web.Application()
    app.router.add_post("/", sink.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=2 * CONNECTIONS)  # else the kernel makes some wait for a second
    await site.start()
    sink.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    redis = connect_courier(url)
    try:
        async with vendor_client(CONNECTIONS) as client:
            await story(World(redis, sink, client, cells=cells))
    finally:
        await redis.aclose()
        await runner.cleanup()
