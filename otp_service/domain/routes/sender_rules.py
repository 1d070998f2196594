"""Which kinds of sender a country's networks take: hand-written facts, each with its date."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Allowed = Literal["yes", "no", "registered", "replaced", "unknown"]


@dataclass(frozen=True, slots=True)
class CountryRule:
    """What a country's networks do with each kind of sender.

    registered: only after a registration. replaced: delivered, but under a sender of the network's own.
    """

    alphanumeric: Allowed = "unknown"
    long_code: Allowed = "unknown"
    short_code: Allowed = "unknown"
    registry: str = ""  # what to register with
    lead_days: int | None = None
    notes: str = ""
    source: str = ""
    dated: str = ""

    def takes(self, kind: str) -> Allowed:
        """What becomes of a sender of this kind; a pool is the provider's business."""
        found: Allowed = "yes" if kind == "pool" else getattr(self, kind)
        return found


UNKNOWN = CountryRule()
COUNTRIES: Mapping[str, CountryRule] = {
    "US": CountryRule("no", "registered", "registered", "10DLC: The Campaign Registry"),
    "CA": CountryRule("no", "yes", "registered"),
}
