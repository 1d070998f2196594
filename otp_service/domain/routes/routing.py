"""All that a decision looks at: providers, rules, prices and senders, arranged once for many messages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from otp_service.domain.messages import Message
from otp_service.domain.prices import price_micros
from otp_service.domain.routes.price_tables import UNPRICED, PriceTable, segment_price
from otp_service.domain.routes.rules import EVERYBODY, Candidate, Rule
from otp_service.domain.routes.sender_rules import COUNTRIES, UNKNOWN, CountryRule
from otp_service.domain.routes.senders import Sender, Suspended

Unfit = Callable[[Message], str | None]


@dataclass(frozen=True, slots=True)
class Routing:
    """The configuration of routing and the suspensions in force."""

    candidates: tuple[Candidate, ...] = ()
    rules: tuple[Rule, ...] = ()
    prices: Mapping[str, PriceTable] = field(default_factory=dict)  # by provider
    senders: Mapping[str, tuple[Sender, ...]] = field(default_factory=dict)  # by provider, in the order of the file
    own_senders: Mapping[str, str | None] = field(default_factory=dict)  # what a provider itself is configured with
    unfit: Mapping[str, Unfit] = field(default_factory=dict)  # why a vendor can't carry a message
    country_rules: Mapping[str, CountryRule] = field(default_factory=lambda: COUNTRIES)
    suspended: Suspended = field(default_factory=dict)

    def rule_for(self, message: Message, now_ms: int) -> Rule:
        """The first rule that matches; test messages are for simulators, whatever the rules say."""
        if message.test:
            return EVERYBODY
        return next((rule for rule in self.rules if rule.matches(message, now_ms)), EVERYBODY)

    def price_micros(self, provider: str, message: Message) -> int:
        """What this provider takes for the whole message."""
        if message.test:
            return 0
        table = self.prices.get(provider, UNPRICED)
        return message.segments * segment_price(table, message.country, message.to)

    def charge_micros(self, country: str, to: str, own: Mapping[str, int]) -> int:
        """What a send is charged for a segment before anybody knows who carries it.

        `own` are the application's prices, which come first; else it is the dearest of the price tables of those who
        may carry it; else what such a segment is taken to cost.
        """
        tables = (self.prices.get(name) for name in self._carriers(country)) if country not in own else ()
        known = [price for table in tables if table and (price := table.price(country, to)) is not None]
        return max(known) if known else price_micros(country, own)

    def dearest(self) -> dict[str, int]:
        """The most that a segment is charged by country, wherever that is not what it is taken to cost."""
        found: dict[str, int] = {}
        for name, table in self.prices.items():
            for country, price in table.dearest.items():
                if name in self._carriers(country):
                    found[country] = max(price, found.get(country, 0))
        return found

    def _carriers(self, country: str) -> list[str]:
        return [
            each.name
            for each in self.candidates
            if each.enabled and not each.test_only and (each.countries is None or country in each.countries)
        ]

    def country_rule(self, country: str) -> CountryRule:
        """What this country's networks do with senders."""
        return self.country_rules.get(country, UNKNOWN)
