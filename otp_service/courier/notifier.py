"""The notifier: gives events to the webhooks that want them, and tells of verifications that expired."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine

from otp_service.courier.loops import repeat, rest
from otp_service.courier.observe import Observe
from otp_service.courier.webhook_client import LIMIT_S, WebhookClient, word
from otp_service.domain.keys import KeyRing, UnknownKid
from otp_service.domain.webhooks import GONE, is_delivered, pause_ms
from otp_service.ledger import deliveries, webhooks
from otp_service.ledger.changes import AuditKey, change
from otp_service.ledger.deliveries import BATCH, Claimed, Result
from otp_service.ledger.news import tell_expired
from otp_service.service.core import now_ms
from otp_service.service.webhooks import signed

LEASE_MS = 60_000  # much longer than a try: whoever stalls this long is taken for dead
AT_ONCE = 8  # tries in flight at one endpoint, so that a slow one takes no more than its share
MOST_AT_ONCE = 200
EXPIRED_AFTER_MS = 60_000  # an approval of the last moment may still be on its way to the ledger
ACTOR = "courier"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the notifier looks; the defaults are those of production."""

    look_s: float = 0.5
    expired_s: float = 5.0


class Notifier:
    """One courier's part in telling; several share the work through the ledger. `client` is the caller's to close."""

    def __init__(
        self,
        engine: Engine,
        ring: KeyRing,
        audit_key: AuditKey,
        client: WebhookClient,
        observe: Observe,
        clock: Callable[[], int] = now_ms,
        chance: Callable[[], float] = random.random,
        pace: Pace | None = None,
    ) -> None:
        self._engine, self._ring, self._audit_key = engine, ring, audit_key
        self._client, self._observe = client, observe
        self._clock, self._chance = clock, chance
        self._pace = pace or Pace()
        self._carrying: set[asyncio.Task[None]] = set()
        self._busy: Counter[str] = Counter()
        self._results: list[Result] = []
        self._came = asyncio.Event()  # a result did

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop`, then ends what is in flight; the rest is somebody else's when its lease ends."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._repeat("fan_out", self.fan_out, stop, self._pace.look_s))
            loops.create_task(self._repeat("webhooks", self._step, stop))
            loops.create_task(self._repeat("expired", self.tell_expired, stop, self._pace.expired_s))
        if self._carrying:
            await asyncio.wait(self._carrying, timeout=LIMIT_S)
        with suppress(Exception):
            await self.settle()

    async def fan_out(self) -> None:
        """Gives every new event to the endpoints that want it."""
        while await asyncio.to_thread(deliveries.fan_out, self._engine, self._clock()) == BATCH:
            pass

    async def tell_expired(self) -> None:
        """Tells of every verification that nobody answered in time."""
        while await asyncio.to_thread(tell_expired, self._engine, self._clock() - EXPIRED_AFTER_MS) == BATCH:
            pass

    async def deliver(self) -> None:
        """Begins to try whatever is due and has room."""
        left = MOST_AT_ONCE - len(self._carrying)

        def room(id: str) -> int:
            nonlocal left
            free = max(0, min(AT_ONCE - self._busy[id], left))
            left -= free
            return free

        for claimed in await asyncio.to_thread(deliveries.claim, self._engine, self._clock(), LEASE_MS, room):
            self._launch(claimed)

    async def settle(self) -> None:
        """Writes down what came of the tries that have ended, and gives up endpoints that are dead."""
        self._came.clear()
        results = list(self._results)
        if not results:
            return
        failing = await asyncio.to_thread(deliveries.settle, self._engine, results, self._clock())
        del self._results[: len(results)]
        gone = {each.claimed.webhook_id for each in results if each.answer == str(GONE)}
        for id, reason in (dict.fromkeys(failing, "failing") | dict.fromkeys(gone, "gone")).items():
            await asyncio.to_thread(self._disable, id, reason)

    async def ended(self) -> None:
        """Waits for all tries that are in flight."""
        if self._carrying:
            await asyncio.wait(self._carrying)

    async def _step(self) -> None:
        await rest(self._came, self._pace.look_s)
        await self.settle()
        await self.deliver()

    async def _repeat(self, name: str, step: Callable[[], object], stop: asyncio.Event, every_s: float = 0.0) -> None:
        await repeat(name, step, stop, every_s=every_s, stumbled=self._observe.stumbled)  # type: ignore[arg-type]

    def _launch(self, claimed: Claimed) -> None:
        self._busy[claimed.webhook_id] += 1
        task = asyncio.create_task(self._carry(claimed))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(self, claimed: Claimed) -> None:
        try:
            answer = await self._answer(claimed)
            result = self._judged(claimed, answer)
            self._observe.webhook("delivered" if result.delivered else "given_up" if not result.due_at else "failed")
            self._results.append(result)
        finally:
            self._busy[claimed.webhook_id] -= 1
            self._came.set()

    async def _answer(self, claimed: Claimed) -> str:
        """The status, or in a word why there was none."""
        try:
            headers, body = signed(self._ring, claimed, self._clock())
            return str(await self._client.post(claimed.url, headers, body))
        except UnknownKid:
            return "no_key"
        except Exception as error:
            return word(error)

    def _judged(self, claimed: Claimed, answer: str) -> Result:
        if answer.isdigit() and is_delivered(int(answer)):
            return Result(claimed, True, answer)
        pause = None if answer == str(GONE) else pause_ms(claimed.tries + 1, self._chance())
        told = {"webhook": claimed.webhook_id, "event_id": claimed.event.id, "answer": answer}
        log.warning("webhook_failed", **told, tries=claimed.tries + 1, is_over=pause is None)
        return Result(claimed, False, answer, None if pause is None else self._clock() + pause)

    def _disable(self, id: str, reason: str) -> None:
        with change(self._engine, self._audit_key, ACTOR, self._clock()) as opened:
            disabled = webhooks.disable(opened, id, reason)
        if disabled:
            log.error("webhook_disabled", webhook=id, reason=reason)
            self._observe.webhook("disabled")
