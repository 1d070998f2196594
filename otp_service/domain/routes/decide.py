"""The decision: who is asked to carry a message, in which order and under which sender, and why the others are not."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from otp_service.domain.health import WELL, Health, RouteHealth
from otp_service.domain.messages import Message
from otp_service.domain.routes.ranking import EXPLORE, clearly_worse, drawn, turn
from otp_service.domain.routes.routing import Routing
from otp_service.domain.routes.rules import Ask, Candidate, Rule
from otp_service.domain.routes.selection import Shown, Unshown, select_sender

NoRoute = Literal["no_provider", "unregistered_sender"]

# Why a candidate lost; closed, told in docs/routing.md and in openapi.yaml.
LOST: Mapping[str, str] = {
    "forbidden": "the rule says that such messages are not sent",
    "not_in_rule": "the rule does not name it",
    "disabled": "it is switched off, in the configuration or by an admin",
    "test_only": "it gets messages of test keys only",
    "not_for_test": "messages of test keys go to simulators only",
    "country_not_served": "it does not serve this country",
    "tried": "it was tried for this message already",
    "sender_suspended": "its sender was taken out after a vendor called it unregistered",
    "sender_not_approved": "its sender is not approved, or no longer",
    "sender_not_allowed": "this country's networks do not take its kind of sender",
    "no_sender": "none of its senders is for this country and application",
    "unfit": "it can't carry the message as it is",
    "price_above_ceiling": "it takes more than the ceiling",
    "breaker_open": "it failed too often of late",
    "paused": "it asked for patience",
}
OF_SENDERS = frozenset({"sender_suspended", "sender_not_approved", "sender_not_allowed", "no_sender"})
BUT_FOR_NOW = frozenset({"breaker_open", "paused", "tried"})  # it could have carried the message


@dataclass(frozen=True, slots=True)
class Choice:
    """One provider that may be asked, and how."""

    provider: str
    sender: str | None = None  # None: the vendor picks it
    price_micros: int = 0  # of the whole message
    receipt_timeout_s: int | None = None
    probe: bool = False  # its breaker is half open: one message at a time shows whether it is well again
    max_per_s: float | None = None  # of the provider
    sender_max_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """One provider that is not asked; `code` is one of LOST."""

    provider: str
    sender: str | None
    code: str
    detail: str
    until_ms: int | None = None  # when its health lets it be asked again


@dataclass(frozen=True, slots=True)
class Decision:
    """Who is asked, best first, and who is not."""

    rule: Rule
    choices: tuple[Choice, ...]
    lost: tuple[Lost, ...]

    @property
    def reason(self) -> NoRoute | None:
        """Why nobody can be asked; None if somebody can."""
        if self.choices:
            return None
        codes = {lost.code for lost in self.lost}
        return "unregistered_sender" if codes & OF_SENDERS and not codes & BUT_FOR_NOW else "no_provider"

    @property
    def again_ms(self) -> int | None:
        """When somebody can be asked who now loses by health alone; None if nobody does."""
        return min((lost.until_ms for lost in self.lost if lost.until_ms is not None), default=None)


AS_IT_IS = Ask("")  # where a rule asks everybody


@dataclass(frozen=True, slots=True)
class _Fit:
    """A candidate that may be asked, and what its place in the order depends on."""

    choice: Choice
    priority: int
    weight: int
    health: RouteHealth


@dataclass(frozen=True, slots=True)
class _Case:
    """One message and all that speaks for and against its candidates."""

    routing: Routing
    message: Message
    health: Health
    now_ms: int
    tried: Collection[str]
    rule: Rule
    asked: Mapping[str, Ask] | None  # None: every provider, as it is

    def judge(self, candidate: Candidate) -> _Fit | Lost:
        """Whether this candidate may be asked, and how."""
        code = self._out_of_question(candidate)
        if code:
            return Lost(candidate.name, None, code, (code == "forbidden" and self.rule.reason) or LOST[code])
        shown = select_sender(self.routing, candidate, self.message, self.now_ms)
        if isinstance(shown, Unshown):
            return Lost(candidate.name, shown.sender, shown.code, shown.detail)
        ask = self.asked[candidate.name] if self.asked else AS_IT_IS
        return self._unsuited(candidate, shown, ask) or self._fit(candidate, shown, ask)

    def _out_of_question(self, candidate: Candidate) -> str | None:
        """What excludes a candidate before anybody looks closer."""
        if self.rule.forbids:
            return "forbidden"
        if self.asked is not None and candidate.name not in self.asked:
            return "not_in_rule"
        if not candidate.enabled:
            return "disabled"
        if self.message.test and not (candidate.simulated or candidate.test_only):
            return "not_for_test"
        if candidate.test_only and not self.message.test:
            return "test_only"
        if candidate.countries is not None and self.message.country not in candidate.countries:
            return "country_not_served"
        return "tried" if candidate.name in self.tried else None

    def _unsuited(self, candidate: Candidate, shown: Shown, ask: Ask) -> Lost | None:
        """What this message, its price or the route's health has against it."""
        if why := self._unfit(candidate.name, shown):
            return Lost(candidate.name, shown.sender, "unfit", why)
        ceiling = _lower(self.rule.max_price_micros, ask.max_price_micros)
        if ceiling is not None and (price := self.routing.price_micros(candidate.name, self.message)) > ceiling:
            told = f"it takes {dollars(price)} for the message, the ceiling is {dollars(ceiling)}"
            return Lost(candidate.name, shown.sender, "price_above_ceiling", told)
        ill = _ill(self.health.get((candidate.name, self.message.country), WELL), self.now_ms)
        return ill and Lost(candidate.name, shown.sender, ill[0], LOST[ill[0]], ill[1])

    def _unfit(self, name: str, shown: Shown) -> str | None:
        """The vendor's own word on the message as it would be sent."""
        unfit = self.routing.unfit.get(name)
        if unfit is None:
            return None
        as_asked = shown.sender == self.message.sender  # a copy costs as much as all the rest
        return unfit(self.message if as_asked else replace(self.message, sender=shown.sender))

    def _fit(self, candidate: Candidate, shown: Shown, ask: Ask) -> _Fit:
        health = self.health.get((candidate.name, self.message.country), WELL)
        choice = Choice(
            candidate.name,
            shown.sender,
            self.routing.price_micros(candidate.name, self.message),
            self.rule.receipt_timeout_s,
            health.breaker != "closed",
            candidate.max_per_s,
            shown.max_per_s,
        )
        priority = candidate.priority if ask.priority is None else ask.priority
        return _Fit(choice, priority, candidate.weight if ask.weight is None else ask.weight, health)


def decide(routing: Routing, message: Message, health: Health, now_ms: int, tried: Collection[str] = ()) -> Decision:
    """Who carries this message; the same arguments give the same decision."""
    rule = routing.rule_for(message, now_ms)
    case = _Case(routing, message, health, now_ms, tried, rule, rule.asked())
    found = [case.judge(candidate) for candidate in routing.candidates]
    fit = [each for each in found if isinstance(each, _Fit)]
    return Decision(rule, _ordered(fit, message), tuple(each for each in found if isinstance(each, Lost)))


def dollars(micros: int) -> str:
    """An amount for people."""
    whole, part = divmod(micros, 1_000_000)
    return f"{whole}.{f'{part:06d}'.rstrip('0').ljust(2, '0')} USD"


def _ill(route: RouteHealth, now_ms: int) -> tuple[str, int] | None:
    """Which illness excludes a route now, and until when."""
    if route.paused_until_ms > now_ms:
        return "paused", route.paused_until_ms
    if route.breaker != "closed" and route.open_until_ms > now_ms:
        return "breaker_open", route.open_until_ms
    return None


def _lower(*ceilings: int | None) -> int | None:
    return min((ceiling for ceiling in ceilings if ceiling is not None), default=None)


def _ordered(fit: list[_Fit], message: Message) -> tuple[Choice, ...]:
    if len(fit) < 2:
        return tuple(each.choice for each in fit)
    draws = len({each.priority for each in fit}) < len(fit)
    ranked = sorted(
        (
            (worse, each.priority, turn(message.id, each.choice.provider, each.weight) if draws else 0, each)
            for worse, each in zip(_worse(fit, message), fit, strict=True)
        ),
        key=lambda place: (*place[:3], _latency(place[3])),
    )
    return tuple(place[3].choice for place in ranked)


def _latency(each: _Fit) -> float:
    return float("inf") if each.health.latency_ms is None else each.health.latency_ms


def _worse(fit: list[_Fit], message: Message) -> list[bool]:
    """Which of them convert clearly worse; only codes tell, and only codes are moved."""
    worse = clearly_worse([each.health for each in fit]) if message.is_code else ()
    return list(worse) if any(worse) and drawn(message.id, "") >= 1 / EXPLORE else [False] * len(fit)
