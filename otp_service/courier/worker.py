"""The courier: reads the outbox of every cell, brings its messages to providers and its facts to the ledger."""

import asyncio
import gc
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import structlog
from redis.exceptions import RedisError

from otp_service.courier.asking import Asking, ReceiptsUrl, TakeOut
from otp_service.courier.clock import StoreClock
from otp_service.courier.delivery import Delivery, Unwelcome
from otp_service.courier.drain import Apply, Drain
from otp_service.courier.entries import Templates
from otp_service.courier.forgetting import EVERY_S as FORGET_EVERY_S
from otp_service.courier.forgetting import forget_refusals
from otp_service.courier.health import CourierHealth
from otp_service.courier.held import Held
from otp_service.courier.lane import Lane, Shared
from otp_service.courier.loops import Step, repeat
from otp_service.courier.observe import Observe, Unobserved
from otp_service.courier.pacing import Pacing
from otp_service.courier.repaying import Repaying
from otp_service.courier.unmatched import EVERY_S, Retrying
from otp_service.courier.vendor import VendorClient
from otp_service.domain.keys import KeyRing
from otp_service.domain.routes.routing import Routing
from otp_service.providers.base import Provider
from otp_service.store.outbox import AsyncRedis, Outbox
from otp_service.store.receipts import remember_ids

log = structlog.get_logger()

Loop = Coroutine[None, None, None]
COLLECT_AT = (5_000, 10, 10)  # messages in flight are not yet garbage; what waits longer is memory


@dataclass(frozen=True, slots=True)
class Timing:
    """How often and how long; the defaults are those of production."""

    renew_s: float = 5.0
    idle_ms: int = 15_000  # of outbox entries, before another courier takes them over
    facts_idle_ms: int = 60_000  # of facts; a drain waits for the ledger with them in hand and doesn't renew
    take_over_s: float = 5.0
    due_s: float = 0.5
    retain_s: float = 60.0
    backlog_s: float = 5.0
    share_s: float = 0.25  # of what is known of providers
    repay_s: float = 0.5  # of what the brake charged, once a code was typed
    convert_s: float = 30.0  # counting which codes were verified
    stop_s: float = 10.0  # for what is in flight at the end


class Courier:
    """One worker process' work, until it is told to stop.

    Several may run beside each other; `consumer_name` must differ between them. `redis` and `client` stay the caller's
    to close. `templates` gives an application's own templates, `routing` what decides who is asked, `receipts_url` the
    address that a provider reports to; `take_out` is told of senders that a vendor calls unregistered. `unwelcome` says
    why a message of its own that waited may not be sent any more.
    """

    def __init__(
        self,
        redis: AsyncRedis,
        cells: int,
        ring: KeyRing,
        templates: Templates,
        providers: Mapping[str, Provider],
        routing: Callable[[], Routing],
        client: VendorClient,
        apply_facts: Apply,
        retain: Callable[[], object],
        receipts_url: ReceiptsUrl,
        take_out: TakeOut,
        consumer_name: str,
        concurrency: int = 200,
        observe: Observe | None = None,
        timing: Timing | None = None,
        retry_unmatched: Callable[[], int] = lambda: 0,
        unwelcome: Unwelcome = lambda message: None,
    ) -> None:
        self._retain = retain
        self._retrying = Retrying(retry_unmatched)
        self._observe = observe or Unobserved()
        self._timing = timing or Timing()
        self._redis, self._clock = redis, (clock := StoreClock())
        self._health = CourierHealth(redis, clock, cells)
        asking = Asking(providers, client, receipts_url, take_out, self._health, Pacing(redis), self._observe, clock)
        delivery = Delivery(ring, templates, routing, asking, self._observe, clock, unwelcome)
        remember = partial(remember_ids, redis)
        self._shared = Shared(cells, delivery, Held(concurrency), remember, set(), self._observe)
        outboxes = [Outbox(redis, cell, consumer_name) for cell in range(cells)]
        self._lanes = [Lane(outbox, self._shared) for outbox in outboxes]
        # One thread: each that wrote batches would keep memory and a connection's cache of its own.
        self._writer = ThreadPoolExecutor(1, "ledger")
        self._repaying = [Repaying(redis, cell) for cell in range(cells)]
        self._drains = [Drain(outbox, apply_facts, self._writer, self._observe) for outbox in outboxes]

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop`; then reads no more, ends what is in flight and leaves the rest to be taken over."""
        _spare_the_collector()
        log.info("courier_started", cells=len(self._lanes))
        with suppress(RedisError, OSError):
            # One call before many at once: a cluster client that still learns its nodes loses some of those.
            await self._lanes[0].outbox.prepare()
            await self._health.share()  # a new courier does not learn again what the others know
        try:
            async with asyncio.TaskGroup() as keepers:
                keeping = [keepers.create_task(loop) for loop in self._keeping()]
                async with asyncio.TaskGroup() as workers:
                    for loop in self._working(stop):
                        workers.create_task(loop)
                await self._shared.held.is_empty(self._timing.stop_s)
                for task in keeping:
                    task.cancel()
        finally:
            await self._abandon()
            self._writer.shutdown()  # a batch that was cut off is written before the ledger is closed
        log.info("courier_stopped")

    def _working(self, stop: asyncio.Event) -> Iterator[Loop]:
        """The loops that end when the courier is told to stop."""
        timing = self._timing
        for lane in self._lanes:
            yield self._loop(lane, "read", lane.read, stop)
            yield self._loop(lane, "take_over", partial(lane.take_over, timing.idle_ms), stop, timing.take_over_s)
            yield self._loop(lane, "due", lane.move_due, stop, timing.due_s)
            yield self._loop(lane, "backlog", lane.count, stop, timing.backlog_s)
        for lane, drain in zip(self._lanes, self._drains, strict=True):
            yield self._loop(lane, "drain", drain.step, stop)
            take_over = partial(drain.take_over, timing.facts_idle_ms)
            yield self._loop(lane, "drain_take_over", take_over, stop, timing.take_over_s)
        for repaying in self._repaying:
            yield repeat("repay", repaying.step, stop, every_s=timing.repay_s, stumbled=self._observe.stumbled)
        yield repeat("retain", self._retain_once, stop, every_s=timing.retain_s)
        stumbled = self._observe.stumbled
        yield repeat("health", self._health.share, stop, every_s=timing.share_s, stumbled=stumbled)
        yield repeat("conversions", self._health.count, stop, every_s=timing.convert_s, stumbled=stumbled)
        forget = partial(forget_refusals, self._redis, self._clock, len(self._lanes))
        yield repeat("refusals", forget, stop, every_s=FORGET_EVERY_S, stumbled=stumbled)
        yield repeat("unmatched", self._retrying.step, stop, every_s=EVERY_S, stumbled=self._observe.stumbled)

    def _keeping(self) -> Iterator[Loop]:
        """The loops that go on until everything in flight has ended."""
        never = asyncio.Event()
        for lane in self._lanes:
            yield self._loop(lane, "settle", lane.settle, never)
            yield self._loop(lane, "renew", lane.renew, never, self._timing.renew_s)

    def _loop(self, lane: Lane, name: str, step: Step, stop: asyncio.Event, every_s: float = 0.0) -> Loop:
        return repeat(name, step, stop, prepare=lane.outbox.prepare, every_s=every_s, stumbled=self._observe.stumbled)

    async def _abandon(self) -> None:
        """Ends what is still in flight; it stays pending in Redis, where another courier takes it over."""
        carrying = list(self._shared.carrying)
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)
        if carrying:
            log.warning("courier_left_messages", messages=len(carrying))

    async def _retain_once(self) -> None:
        try:
            await asyncio.to_thread(self._retain)
        except Exception as error:
            log.warning("retain_failed", error=type(error).__name__)
            self._observe.stumbled("retain")


def _spare_the_collector() -> None:
    """What is loaded by now stays: looking at it again with every collection costs a third of all messages a second."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AT)
