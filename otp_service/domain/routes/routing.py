"""All that a decision looks at: providers, rules, prices and senders, arranged once for many messages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from otp_service.domain.messages import Message
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

    def country_rule(self, country: str) -> CountryRule:
        """What this country's networks do with senders."""
        return self.country_rules.get(country, UNKNOWN)
