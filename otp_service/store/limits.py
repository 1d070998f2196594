"""Limits as the scripts take them: a key and six arguments each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from otp_service.domain.ids import Address
from otp_service.domain.limits import Limit
from otp_service.store.keys import limit_key, to_limit_key
from otp_service.store.link import Arg, Link
from otp_service.store.scripts import SCRIPTS


class Rule(NamedTuple):
    """One limit in force for one request: where it counts, how it refuses, and what this request costs."""

    key: str
    code: str  # rate_limited or spend_exhausted
    name: str  # the scope, for people
    kind: str  # e exact, c counters, m money
    amount: int
    period_ms: int
    cost: int = 1

    @property
    def args(self) -> tuple[Arg, ...]:
        return (self.code, self.name, self.kind, self.amount, self.period_ms, self.cost)


def rules(scope: str, value: str, limits: Iterable[Limit], at: Address | None = None, cells: int = 1) -> list[Rule]:
    """The rules of one scope and value, `at` for those beside a subject; of two alike the smaller says it all."""
    smallest: dict[str, Rule] = {}
    for limit in limits:
        if at is None:
            key = limit_key(scope, value, limit.period_ms, limit.kind)
        else:
            key = to_limit_key(at, cells, limit.period_ms, limit.kind)
        if key not in smallest or limit.amount < smallest[key].amount:
            smallest[key] = Rule(key, "rate_limited", scope, limit.kind, limit.amount, limit.period_ms)
    return list(smallest.values())


def money(scope: str, value: str, amount: int, period_ms: int, cost: int) -> Rule:
    """A ceiling on spend, in micro-units."""
    return Rule(limit_key(scope, value, period_ms, "m"), "spend_exhausted", scope, "m", amount, period_ms, cost)


def flat(limits: Sequence[Rule]) -> list[Arg]:
    """The arguments of all, in order."""
    return [arg for limit in limits for arg in limit.args]


@dataclass(frozen=True, slots=True)
class Count:
    """What a limit counts now."""

    rule: Rule
    left: int
    wait_ms: int


def peek(link: Link, limits: Sequence[Rule], now: str = "") -> list[Count]:
    """What these limits count, changing nothing; one trip per limit, since their slots differ."""
    found = []
    for limit in limits:
        left, wait = link.call(SCRIPTS["peek"], [limit.key], [now, 1, *limit.args])
        found.append(Count(limit, int(left), int(wait)))
    return found


def reset(link: Link, limits: Sequence[Rule]) -> None:
    """Forgets what these limits counted."""
    for limit in limits:
        link.command("DEL", limit.key)
