"""One message on its way through the providers: ask, judge, then the next one, later or done."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from otp_service.courier.asking import Asking
from otp_service.courier.clock import StoreClock
from otp_service.courier.entries import UNANSWERED, Entry, Templates, again, compose
from otp_service.courier.observe import Observe
from otp_service.courier.settling import Attempt, End, Settlement, settled
from otp_service.domain.keys import KeyRing
from otp_service.domain.messages import Message, MessageStatus, Verdict
from otp_service.domain.routes.decide import Choice, Decision, Lost, decide
from otp_service.domain.routes.routing import Routing
from otp_service.domain.routing import NO_ANSWER, Step, after, in_turn, may_be_asked
from otp_service.store.keys import parts_key

# Why a message could not be sent that waited for a provider's health, as far as a person needs to know.
REASONS = {"paused": "rate_limited", "breaker_open": "provider_error"}

log = structlog.get_logger()

Unwelcome = Callable[[Message], str | None]  # the reason why a message that waited may not be sent any more


@dataclass(slots=True)
class Trail:
    """What was tried for a message since it left the outbox."""

    left: list[Choice]  # still to be asked
    attempts: list[Attempt] = field(default_factory=list)
    asked: Choice | None = None  # the last one
    early_ms: list[float] = field(default_factory=list)  # how long those may not be asked yet that were passed over
    anyhow: bool = False  # whoever is left may be asked, whatever is known of its health

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
    routing: Callable[[], Routing]
    asking: Asking
    observe: Observe
    clock: StoreClock
    unwelcome: Unwelcome

    async def carry(self, entry: Entry) -> Settlement:
        """What became of the message; Unreadable if it can't be made."""
        left_s = self._left_s(entry)
        if left_s <= 0:
            return self.unwanted(entry, "expired")
        message = compose(entry, self.ring, self.templates, left_s)
        if not message.is_code and (reason := self.unwelcome(message)):
            return self._end(entry, "failed", reason, ())
        decision = self._decide(message, entry)
        trail = Trail(in_turn(decision.choices, entry.unanswered))
        step = None if trail.left else await self._without_choice(entry, message, decision, trail)
        return self._conclude(entry, message, trail, step or await self._ask_in_turn(entry, message, trail))

    def unwanted(self, entry: Entry, status: MessageStatus) -> Settlement:
        """The settlement of a message that nobody waits for any more."""
        return self._given_up(entry) if entry.accepted_by else self._end(entry, status, status, ())

    def _decide(self, message: Message, entry: Entry) -> Decision:
        return decide(self.routing(), message, self.asking.health, int(self.clock.now_ms()), entry.accepted_by)

    async def _ask_in_turn(self, entry: Entry, message: Message, trail: Trail) -> Step:
        while trail.left:
            left_s = self._left_s(entry)
            if left_s <= 0:
                return Step("fail", "expired")
            choice = trail.left.pop(0)
            early_ms = 0.0
            if choice.probe or choice.max_per_s or choice.sender_max_per_s:
                early_ms = await self.asking.too_early_ms(choice, message, left_s, anyhow=trail.anyhow)
            if early_ms > 0:
                trail.early_ms.append(early_ms)
                if message.is_code or choice.probe:
                    continue
                return self._later_or_fail(entry, "rate_limited", early_ms)  # nobody waits for it: it keeps its place
            step = await self._ask(entry, message, trail, choice)
            if step.move != "next":
                return step
        return self._later_or_fail(entry, "rate_limited", min(trail.early_ms))

    async def _ask(self, entry: Entry, message: Message, trail: Trail, choice: Choice) -> Step:
        left_s = self._left_s(entry)  # waiting for a token took some
        if left_s <= 0:
            return Step("fail", "expired")
        trail.asked = choice
        attempt = await self.asking.ask(entry, message, choice, entry.tries + len(trail.attempts) + 1, left_s)
        trail.attempts.append(attempt)
        return after(
            attempt.outcome,
            message,
            left=trail.left or trail.early_ms,
            left_s=self._left_s(entry),
            tried=len(trail.attempts),
            back_offs=entry.back_offs,
            unanswered=(*entry.unanswered, *trail.unanswered),
        )

    async def _without_choice(self, entry: Entry, message: Message, decision: Decision, trail: Trail) -> Step | None:
        """What follows where nobody can be asked; None if somebody is asked all the same."""
        waiting = [lost for lost in decision.lost if lost.until_ms and may_be_asked(lost.provider, entry.unanswered)]
        if not waiting:
            return NO_ANSWER if any(entry.unanswered) else Step("fail", decision.reason)
        trail.left = await self._asked_anyhow(entry, message, waiting)
        trail.anyhow = bool(trail.left)
        if trail.left:
            return None
        first = min(waiting, key=lambda lost: lost.until_ms or 0)
        reason = NO_ANSWER.reason if any(entry.unanswered) else REASONS[first.code]
        return self._later_or_fail(entry, reason, (first.until_ms or 0) - self.clock.now_ms())

    async def _asked_anyhow(self, entry: Entry, message: Message, waiting: Sequence[Lost]) -> list[Choice]:
        """Where no other is left an open breaker is probed sooner, and no code dies without having been sent."""
        opened = [lost.provider for lost in waiting if lost.code == "breaker_open"]
        well = decide(self.routing(), message, {}, int(self.clock.now_ms()), entry.accepted_by).choices
        for choice in well:
            if choice.provider in opened and await self.asking.may_probe(choice, message, alone=True):
                return [replace(choice, probe=True)]
        if entry.tries or any((lost.until_ms or 0) < entry.deadline_ms for lost in waiting):
            return []
        return [choice for choice in well if choice.provider in opened]

    def _later_or_fail(self, entry: Entry, reason: str | None, wait_ms: float) -> Step:
        wait_s = max(0.001, wait_ms / 1000)
        return Step("later", reason, wait_s) if wait_s < self._left_s(entry) else Step("fail", reason)

    def _conclude(self, entry: Entry, message: Message, trail: Trail, step: Step) -> Settlement:
        if step.move == "done" and trail.asked:
            return self._accepted(entry, message, trail, trail.asked)
        if step.move == "later":
            return self._later(entry, trail, step)
        if entry.accepted_by:
            return self._given_up(entry, trail.attempts)
        return self._end(entry, "failed", step.reason, trail.attempts)

    def _accepted(self, entry: Entry, message: Message, trail: Trail, choice: Choice) -> Settlement:
        provider, attempt = self.asking.providers[choice.provider], trail.attempts[-1]
        outcome = attempt.outcome
        more: dict[str, Any] = {}
        if attempt.will_report:
            more["parts"] = parts_key(entry.cell, entry.message)
        if provider.fixed_receipts and outcome.provider_message_id:
            more["vendor_ids"] = (outcome.provider_message_id, *outcome.parts)
        if message.is_code and not message.test:
            more["counted"] = message.country
        if message.is_code and attempt.will_report and self._in_time(entry, choice.receipt_timeout_s):
            tries = entry.tries + len(trail.attempts)
            more["extra"] = again(entry, tries, trail.tried, back_offs=entry.back_offs, accepted_by=choice.provider)
            more |= {"end": "watch", "delay_ms": (choice.receipt_timeout_s or 0) * 1000}
        return self._end(entry, "accepted", None, trail.attempts, **more)

    def _in_time(self, entry: Entry, timeout_s: int | None) -> bool:
        """Whether there is something to wait for, and life left when it is over."""
        return timeout_s is not None and timeout_s < self._left_s(entry)

    def _later(self, entry: Entry, trail: Trail, step: Step) -> Settlement:
        waits = entry.back_offs + bool(trail.attempts)
        member = again(entry, entry.tries + len(trail.attempts), trail.tried, back_offs=waits)
        told = {"attempts": trail.attempts, "delay_ms": int(step.delay_s * 1000), "extra": member}
        return settled(entry, "later", "sending", step.reason, **told)

    def _given_up(self, entry: Entry, attempts: Sequence[Attempt] = ()) -> Settlement:
        """The end of a code that a provider had accepted: what that one reported, or else it stays as it was."""
        if entry.told is None:
            return settled(entry, "done", None, attempts=attempts)
        status, reason = entry.told
        return self._end(entry, status, reason or None, attempts, provider=entry.accepted_by[-1])

    def _end(
        self,
        entry: Entry,
        status: MessageStatus,
        reason: str | None,
        attempts: Sequence[Attempt],
        end: End = "done",
        **more: Any,
    ) -> Settlement:
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
        return settled(entry, end, status, reason, attempts=attempts, **more)

    def _left_s(self, entry: Entry) -> float:
        return (entry.deadline_ms - self.clock.now_ms()) / 1000
