"""One try with one provider: when it may be asked, the call, and what is learnt from the answer."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import structlog

from otp_service.courier.clock import StoreClock
from otp_service.courier.entries import Entry
from otp_service.courier.health import CourierHealth
from otp_service.courier.observe import Observe
from otp_service.courier.pacing import AHEAD_MS, MESSAGES_AHEAD_MS, Pacing
from otp_service.courier.settling import Attempt
from otp_service.courier.vendor import CALL_S, VendorClient, failure_kind
from otp_service.domain.health import LOOK_AGAIN_MS
from otp_service.domain.messages import Message, Outcome, Verdict
from otp_service.domain.routes.decide import Choice
from otp_service.domain.routing import outcome_of_failure
from otp_service.providers.base import Provider

UNREGISTERED = "unregistered_sender"
SHORTEST_CODE = 5

log = structlog.get_logger()

ReceiptsUrl = Callable[[str, str, str], str | None]  # provider, message id, verification id
# Provider, sender, country, the vendor's own word, when the message was sent; it may wait for the ledger.
TakeOut = Callable[[str, str | None, str, str | None, int], object]


def discreet(outcome: Outcome, message: Message) -> Outcome:
    """The outcome without what a vendor repeats of the message: some answer with the number as their id."""
    id, raw = outcome.provider_message_id, outcome.raw
    if not any(_repeats(word, message) for word in (id, raw, *outcome.parts)):
        return outcome
    return replace(
        outcome,
        provider_message_id=None if _repeats(id, message) else id,
        raw=None if _repeats(raw, message) else raw,
        parts=tuple(part for part in outcome.parts if not _repeats(part, message)),
    )


def _repeats(word: str | None, message: Message) -> bool:
    if word is None or len(word) < SHORTEST_CODE:
        return False
    return word in message.text or message.text in word or message.to.removeprefix("+") in word


@dataclass(frozen=True, slots=True)
class Asking:
    """All that it takes to ask a provider."""

    providers: Mapping[str, Provider]
    client: VendorClient
    receipts_url: ReceiptsUrl
    take_out: TakeOut
    health: CourierHealth
    pacing: Pacing
    observe: Observe
    clock: StoreClock
    _telling: dict[tuple[str, str | None, str], asyncio.Task[None]] = field(default_factory=dict)

    async def may_probe(self, choice: Choice, message: Message, *, alone: bool) -> bool:
        """Whether this message, before all others, may show whether a provider is well again."""
        return await self.health.may_probe(choice.provider, message.country, alone=alone)

    async def too_early_ms(self, choice: Choice, message: Message, left_s: float, *, anyhow: bool) -> float:
        """0 once the provider may be asked, which this waits for; else how long it may not be asked yet."""
        if choice.probe and not anyhow and not await self.may_probe(choice, message, alone=False):
            return LOOK_AGAIN_MS
        if choice.max_per_s is None and choice.sender_max_per_s is None:
            return 0
        ahead_ms = AHEAD_MS if message.is_code else MESSAGES_AHEAD_MS
        wait_ms = await self.pacing.take(choice, ahead_ms)
        if wait_ms >= left_s * 1000:
            return wait_ms
        if wait_ms > ahead_ms:
            return wait_ms - ahead_ms  # from then on a token is within reach
        await asyncio.sleep(max(0.0, wait_ms / 1000))
        return 0

    async def ask(self, entry: Entry, message: Message, choice: Choice, n: int, left_s: float) -> Attempt:
        """Hands the message to the provider, and takes in what that says of it."""
        sent_ms, began = int(self.clock.now_ms()), time.monotonic()
        url = self._receipts_url(entry, choice.provider)
        if url is not None or choice.sender != message.sender:
            message = replace(message, receipts_url=url, sender=choice.sender)
        outcome = await self._outcome(entry, message, choice.provider, left_s)
        took_s = time.monotonic() - began
        name, country = choice.provider, message.country
        self.observe.attempt(name, outcome, took_s)
        self.health.tell(name, country, outcome, took_s, probe=choice.probe)
        if outcome.verdict is not Verdict.ACCEPTED:
            told = {"verdict": outcome.verdict.value, "reason": outcome.reason, "raw": outcome.raw}
            log.warning("attempt_failed", request_id=entry.request_id, message=entry.message, provider=name, **told)
        if outcome.reason == UNREGISTERED:
            self._tell(name, choice.sender, country, outcome.raw, sent_ms)
        took_ms, will_report = int(took_s * 1000), url is not None
        return Attempt(n, name, outcome, took_ms, choice.sender, country, choice.price_micros, will_report)

    def _receipts_url(self, entry: Entry, name: str) -> str | None:
        sends = self.providers[name].sends_receipts
        return self.receipts_url(name, entry.message, entry.verification) if sends else None

    async def _outcome(self, entry: Entry, message: Message, name: str, left_s: float) -> Outcome:
        provider = self.providers[name]
        request = provider.request(message, self.clock.now_ms() / 1000)
        # Whatever goes wrong from here on, the message may have gone out: it is judged, never blindly repeated.
        try:
            return discreet(provider.outcome(await self.client.send(request, min(CALL_S, left_s))), message)
        except Exception as error:
            told = {"provider": name, "error": type(error).__name__}
            log.warning("no_answer", request_id=entry.request_id, message=entry.message, **told)
            return outcome_of_failure(failure_kind(error))

    def _tell(self, provider: str, sender: str | None, country: str, raw: str | None, sent_ms: int) -> None:
        """Has the sender taken out, beside the messages: none waits for the ledger, and a thousand ask it once."""
        key = (provider, sender, country)
        if key not in self._telling:
            task = asyncio.create_task(self._taken_out(provider, sender, country, raw, sent_ms))
            self._telling[key] = task
            task.add_done_callback(lambda _: self._telling.pop(key))

    async def _taken_out(self, provider: str, sender: str | None, country: str, raw: str | None, sent_ms: int) -> None:
        try:
            await asyncio.to_thread(self.take_out, provider, sender, country, raw, sent_ms)
        except Exception as error:
            log.error("sender_not_taken_out", provider=provider, country=country, error=type(error).__name__)
            self.observe.stumbled("take_out")
