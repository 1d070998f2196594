"""The rules of routing: which messages a rule is for, and whom it asks."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, tzinfo

from otp_service.domain.messages import Message

DEFAULT_PRIORITY = 100
DEFAULT_WEIGHT = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """A provider as routing sees it."""

    name: str
    priority: int = DEFAULT_PRIORITY  # lower comes first
    countries: frozenset[str] | None = None  # None: every country
    test_only: bool = False  # gets test messages and no others
    simulated: bool = False  # reaches nobody, so test messages may go there; implied by test_only
    weight: int = DEFAULT_WEIGHT  # its share among equals of priority; 0: after them
    enabled: bool = True
    max_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """One provider that a rule names; what is None stays as the provider has it."""

    name: str
    priority: int | None = None
    weight: int | None = None
    max_price_micros: int | None = None  # for the whole message


@dataclass(frozen=True, slots=True)
class Hours:
    """A time of the day, by the clock of a place; it may run over midnight."""

    begin: time
    end: time
    zone: tzinfo

    def cover(self, now_ms: int) -> bool:
        """Whether it is that time now; the end no longer belongs to it."""
        now = datetime.fromtimestamp(now_ms / 1000, self.zone).time()
        if self.begin <= self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule matches what meets all of its conditions; None asks for nothing. The first that matches decides."""

    name: str
    asks: tuple[Ask, ...] | None = None  # None: every provider; empty: these messages are not sent
    reason: str = ""  # why not, for people
    applications: Collection[str] | None = None  # ids
    classes: Collection[str] | None = None
    countries: Collection[str] | None = None
    prefixes: tuple[str, ...] | None = None  # E.164 with its plus
    purposes: Collection[str] | None = None
    channels: Collection[str] | None = None
    hours: Hours | None = None
    receipt_timeout_s: int | None = None
    max_price_micros: int | None = None  # for the whole message

    @property
    def forbids(self) -> bool:
        """Whether it says that these messages are not sent."""
        return self.asks is not None and not self.asks

    def matches(self, message: Message, now_ms: int) -> bool:
        """Whether the message meets every condition."""
        return (
            (self.countries is None or message.country in self.countries)
            and (self.classes is None or message.message_class in self.classes)
            and (self.applications is None or message.application in self.applications)
            and (self.purposes is None or message.purpose in self.purposes)
            and (self.channels is None or message.channel in self.channels)
            and (self.prefixes is None or message.to.startswith(self.prefixes))
            and (self.hours is None or self.hours.cover(now_ms))
        )

    def asked(self) -> Mapping[str, Ask] | None:
        """Whom it asks, by name; None: every provider, as it is."""
        return None if self.asks is None else {ask.name: ask for ask in self.asks}


# What no rule speaks of goes to every provider; so does what test keys send, whatever the rules say.
EVERYBODY = Rule("default")
