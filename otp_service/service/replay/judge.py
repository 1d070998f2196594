"""What decides in a replay: a policy's rules and the brake, asked as a start asks them."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from typing import Any

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from otp_service.domain.addresses import counted_network
from otp_service.domain.errors import Refusal
from otp_service.domain.limits import parse_limits
from otp_service.domain.phone import Number, parse_number
from otp_service.domain.policy import LimitsPolicy, Policy
from otp_service.domain.replay.scoring import Verdict
from otp_service.domain.replay.trace import Row
from otp_service.service.limits import DAY_MS
from otp_service.service.replay.run import Call
from otp_service.store import fraud
from otp_service.store.limits import Rule, money, rules
from otp_service.store.refused import Refused

# The brake alone: rules that a service sets for itself say nothing about it. Numbers that no text reaches stay refused.
BRAKE_ALONE = Policy(
    limits=LimitsPolicy(to="", ip="", application="", prefix="", network="", device="", user=""),
    countries="*",
    blocked_line_types=["premium_rate", "non_geographic"],
    spend_per_day_micros=None,
    spend_per_country_per_day_micros=None,
)
FIRST_MS = 1_000_000_000_000  # a trace begins at 0; a store takes 0 for never
GOLDEN = 0.6180339887498949  # its multiples fall evenly into [0, 1): as fair a draw as chance, and the same each time
CELL = 0


class Bench:
    """A policy, and the brake under it, as one application of its own meets them."""

    def __init__(self, policy: Policy, realm: str = "replay", index_key: bytes = b"replay") -> None:
        self._policy, self._realm, self._key = policy, realm, index_key
        self._acts = policy.fraud == "enforce"
        self._asks = policy.challenge != "none"
        self._draws = (place * GOLDEN % 1 for place in count(1))

    def refusal(self, row: Row) -> Verdict | None:
        """What refuses before any store is asked: the country, and the type of line."""
        number, policy = number_of(row.to), self._policy
        if policy.countries != "*" and number.country not in policy.countries:
            return Verdict("deny", False, ("country_not_allowed",))
        if number.line_type in policy.blocked_line_types:
            return Verdict("deny", False, ("line_type_not_allowed",))
        return None

    def decision(self, row: Row) -> Call:
        """The call that decides about a row, as one who brings the solution of a challenge if they could solve it."""
        brake = fraud.brake(
            self._key,
            self._realm,
            row.to,
            number_of(row.to).country,
            row.ip or None,
            self._policy.thresholds,
            row.price_micros,
            next(self._draws),
            solved=row.passes,
            challenges=self._asks,
            lets=not self._acts,
        )
        return fraud.decide_call(brake, list(self._rules(row)), str(FIRST_MS + row.at_ms))

    def decided(self, answer: Any) -> tuple[Verdict, str]:
        """The verdict, and the tab that a typed code pays back."""
        try:
            found = fraud.decided(answer)
        except Refused as refused:
            return Verdict("deny", False, (f"{refused.code} {refused.rule}",)), ""
        if self._policy.fraud == "off":
            return Verdict("allow", True), found.tab
        strongest = sorted(found.reasons, key=lambda reason: -reason.level)
        told = tuple(f"{reason.scope}:{reason.rule}" for reason in strongest)
        # Who brings a solution is let pass at once where one is asked for; only the reasons tell that it was.
        asked = found.decision == "allow" and self._asks and bool(told)
        return Verdict("challenge" if asked else _DECISIONS[found.decision], found.sent, told), found.tab

    def repayment(self, tab: str, place: int, at_ms: int) -> Call:
        """The call by which a typed code pays back."""
        at = FIRST_MS + at_ms
        return fraud.repay_call(tab, CELL, f"{at}-{place}", str(at))

    def _rules(self, row: Row) -> Iterator[Rule]:
        """The limits that a start consumes, in the order in which they refuse."""
        policy, realm = self._policy, self._realm
        scopes = (
            ("to", row.to),
            ("prefix", row.to[:-4]),
            ("ip", counted_network(row.ip) if row.ip else ""),
            ("device", row.device),
            ("user", row.user),
            ("application", realm),
        )
        for scope, value in scopes:
            text: str = getattr(policy.limits, scope)
            if text and value:
                yield from rules(scope, f"{realm}:{value}", parse_limits(text))
        if policy.spend_per_day_micros is not None:
            yield money("spend", realm, policy.spend_per_day_micros, DAY_MS, row.price_micros)
        most = policy.spend_per_country_per_day_micros
        if most is not None:
            country = f"{realm}:{number_of(row.to).country}"
            yield money("country", country, most, DAY_MS, row.price_micros)


_DECISIONS: dict[str, Any] = {"allow": "allow", "challenge": "challenge", "deny": "deny"}


@lru_cache(maxsize=16_384)
def number_of(e164: str) -> Number:
    """The number; one that no plan knows is judged by the country that its first digits name."""
    try:
        return parse_number(e164)
    except Refusal:
        return Number(e164, _calling(e164), "unknown")


def _calling(e164: str) -> str:
    for length in (3, 2, 1):
        regions = COUNTRY_CODE_TO_REGION_CODE.get(int(e164[1 : 1 + length]))
        if regions:
            return regions[0]
    return "ZZ"
