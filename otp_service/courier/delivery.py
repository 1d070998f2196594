"""One message on its way through the providers: ask, judge, then the next one, later or done."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from otp_service.courier.entries import UNANSWERED, Entry, Templates, again, compose
from otp_service.courier.observe import Observe
from otp_service.courier.settling import Attempt, Settlement, settled
from otp_service.courier.vendor import CALL_S, VendorClient, failure_kind
from otp_service.domain.keys import KeyRing
from otp_service.domain.messages import Message, MessageStatus, Outcome, Verdict
from otp_service.domain.routing import NO_ANSWER, NO_PROVIDER, Candidate, Step, after, outcome_of_failure, plan_anew
from otp_service.providers.base import Provider

log = structlog.get_logger()

ReceiptsUrl = Callable[[str, str, str], str | None]  # provider, message id, verification id


class StoreClock:
    """The store's time, carried on by this process' own between two looks at it."""

    def __init__(self) -> None:
        self._ahead_ms = time.time() * 1000 - time.monotonic() * 1000

    def set(self, now_ms: int) -> None:
        """Takes over what the store says."""
        self._ahead_ms = now_ms - time.monotonic() * 1000

    def now_ms(self) -> float:
        """Milliseconds since 1970, as the store sees it."""
        return self._ahead_ms + time.monotonic() * 1000


@dataclass(slots=True)
class Trail:
    """What was tried for a message since it left the outbox."""

    names: list[str]  # still to be asked
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def unanswered(self) -> list[str]:
        """Who was asked and gave no answer."""
        return [one.provider for one in self.attempts if one.outcome.verdict is Verdict.AMBIGUOUS]

    @property
    def tried(self) -> list[str]:
        """Who was asked, as the entry carries it on."""
        return [one.provider + UNANSWERED * (one.outcome.verdict is Verdict.AMBIGUOUS) for one in self.attempts]


@dataclass(frozen=True, slots=True)
class Delivery:
    """All that it takes to bring one message to a provider."""

    ring: KeyRing
    templates: Templates
    providers: Mapping[str, Provider]
    candidates: Sequence[Candidate]
    client: VendorClient
    receipts_url: ReceiptsUrl
    observe: Observe
    clock: StoreClock

    async def carry(self, entry: Entry) -> Settlement:
        """What became of the message; Unreadable if it can't be made."""
        left_s = self._left_s(entry)
        if left_s <= 0:
            return self._end(entry, "expired", "expired", ())
        message = compose(entry, self.ring, self.templates, left_s)
        trail = Trail(plan_anew(self.candidates, message, entry.unanswered))
        nobody = NO_ANSWER if any(entry.unanswered) else NO_PROVIDER
        step = await self._ask_in_turn(entry, message, trail) if trail.names else nobody
        return self._conclude(entry, trail, step)

    async def _ask_in_turn(self, entry: Entry, message: Message, trail: Trail) -> Step:
        while True:
            left_s = self._left_s(entry)
            if left_s <= 0:
                return Step("fail", "expired")
            outcome = await self._ask(entry, message, trail, left_s)
            step = after(
                outcome,
                message,
                left=trail.names,
                left_s=self._left_s(entry),
                tried=len(trail.attempts),
                back_offs=entry.back_offs,
                unanswered=(*entry.unanswered, *trail.unanswered),
            )
            if step.move != "next":
                return step

    async def _ask(self, entry: Entry, message: Message, trail: Trail, left_s: float) -> Outcome:
        name = trail.names.pop(0)
        began = time.monotonic()
        outcome = await self._outcome(name, entry, message, left_s)
        took_s = time.monotonic() - began
        n = entry.tries + len(trail.attempts) + 1
        trail.attempts.append(Attempt(n, name, outcome, int(took_s * 1000)))
        self.observe.attempt(name, outcome, took_s)
        if outcome.verdict is not Verdict.ACCEPTED:
            told = {"verdict": outcome.verdict.value, "reason": outcome.reason, "raw": outcome.raw}
            log.warning("attempt_failed", request_id=entry.request_id, message=entry.message, provider=name, **told)
        return outcome

    async def _outcome(self, name: str, entry: Entry, message: Message, left_s: float) -> Outcome:
        provider = self.providers[name]
        if provider.sends_receipts:
            url = self.receipts_url(name, entry.message, entry.verification)
            message = replace(message, receipts_url=url)
        request = provider.request(message, self.clock.now_ms() / 1000)
        # Whatever goes wrong from here on, the message may have gone out: it is judged, never blindly repeated.
        try:
            return provider.outcome(await self.client.send(request, min(CALL_S, left_s)))
        except Exception as error:
            log.warning(
                "no_answer",
                request_id=entry.request_id,
                message=entry.message,
                provider=name,
                error=type(error).__name__,
            )
            return outcome_of_failure(failure_kind(error))

    def _conclude(self, entry: Entry, trail: Trail, step: Step) -> Settlement:
        if step.move == "done":
            return self._end(entry, "accepted", None, trail.attempts)
        if step.move == "later":
            member = again(entry, entry.tries + len(trail.attempts), trail.tried)
            delay_ms = int(step.delay_s * 1000)
            return settled(
                entry, "later", "sending", step.reason, attempts=trail.attempts, delay_ms=delay_ms, extra=member
            )
        return self._end(entry, "failed", step.reason, trail.attempts)

    def unwanted(self, entry: Entry, status: MessageStatus) -> Settlement:
        """The settlement of a message that nobody waits for any more."""
        return self._end(entry, status, status, ())

    def _end(self, entry: Entry, status: MessageStatus, reason: str | None, attempts: Sequence[Attempt]) -> Settlement:
        waited_s = max(0.0, self.clock.now_ms() - entry.queued_ms) / 1000
        provider = attempts[-1].provider if attempts else None
        log.info(
            "message_" + status,
            request_id=entry.request_id,
            message=entry.message,
            provider=provider,
            reason=reason,
            waited_s=waited_s,
        )
        self.observe.message(status, reason, waited_s)
        return settled(entry, "done", status, reason, attempts=attempts)

    def _left_s(self, entry: Entry) -> float:
        return (entry.deadline_ms - self.clock.now_ms()) / 1000
