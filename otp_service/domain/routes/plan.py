"""What to register before messages can be sent to a country, and what they must look like."""

from dataclasses import dataclass

from otp_service.domain.routes.sender_rules import Allowed, CountryRule
from otp_service.domain.routes.senders import SenderKind

KINDS: tuple[SenderKind, ...] = ("alphanumeric", "long_code", "short_code")
# The less there is to do, the better.
EASE: tuple[Allowed, ...] = ("yes", "registered", "replaced", "unknown", "no")
SAID: dict[Allowed, str] = {
    "yes": "take {kind}; nothing has to be registered",
    "registered": "register {kind}{registry}",
    "replaced": "{kind} may be given; networks show one of their own",
    "unknown": "ask your provider: nothing is known here of {kind}",
    "no": "no kind of sender is known to work; ask your provider",
}
NAMES: dict[SenderKind, str] = {
    "alphanumeric": "an alphanumeric sender",
    "long_code": "a long code",
    "short_code": "a short code",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """The easiest kind of sender for a country and what to do for it."""

    country: str
    kind: SenderKind
    allowed: Allowed
    todo: str
    rule: CountryRule

    @property
    def to_register(self) -> bool:
        """Whether messages have to wait for a registration."""
        return self.allowed == "registered"


def plan_for(country: str, rule: CountryRule) -> Plan:
    """What to do before messages go to this country."""
    kind = min(KINDS, key=lambda each: EASE.index(rule.takes(each)))
    allowed = rule.takes(kind)
    registry = f" with {rule.registry}" if rule.registry else ""
    return Plan(country, kind, allowed, SAID[allowed].format(kind=NAMES[kind], registry=registry), rule)
