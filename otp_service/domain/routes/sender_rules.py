"""Which kinds of sender a country's networks take, as far as it is known; sender_table.py holds the facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from otp_service.domain.routes.sender_table import ROWS

Allowed = Literal["yes", "no", "registered", "replaced", "unknown"]


@dataclass(frozen=True, slots=True)
class CountryRule:
    """What a country's networks do with each kind of sender.

    registered: only after a registration. replaced: delivered, but under a sender of the network's own.
    """

    alphanumeric: Allowed = "unknown"
    long_code: Allowed = "unknown"
    short_code: Allowed = "unknown"
    registry: str = ""  # with whom to register
    lead_days: int | None = None  # how long that takes
    notes: str = ""
    source: str = ""
    dated: str = ""

    def takes(self, kind: str) -> Allowed:
        """What becomes of a sender of this kind; a pool is the provider's business."""
        found: Allowed = "yes" if kind == "pool" else getattr(self, kind)
        return found


UNKNOWN = CountryRule()
COUNTRIES: Mapping[str, CountryRule] = {
    country: CountryRule(
        cast(Allowed, row.alphanumeric),
        cast(Allowed, row.long_code),
        cast(Allowed, row.short_code),
        row.registry,
        row.lead_days,
        row.notes,
        row.source,
        row.dated,
    )
    for row in ROWS
    for country in row.countries.split()
}
