"""Limits in the grammar of the `limits` library, as the store's scripts count them."""

import re
from dataclasses import dataclass
from functools import lru_cache

from limits import parse_many

# Up to here a limit keeps exact timestamps; above it counts in 61 slices of ceil(period/60), all in full, so that no
# window ever sees more than the amount (60 slices let 1.07 x through).
EXACT_UP_TO = 64
MOST = 1_000_000_000  # what no service sends, and scripts can still print


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` (sends, or micro-units of money) in any `period_ms`."""

    amount: int
    period_ms: int

    @property
    def kind(self) -> str:
        """How it is counted: e = exact times, c = counters."""
        return "e" if self.amount <= EXACT_UP_TO else "c"


_ZERO_PERIOD = re.compile(r"(?:/|\bper)\s*0+\s*[a-z]", re.IGNORECASE)


@lru_cache(maxsize=4096)
def parse_limits(text: str) -> tuple[Limit, ...]:
    """`5 per 10 minutes; 20 per day` as limits; empty means none; ValueError says what can't be read."""
    if not text.strip():
        return ()
    if _ZERO_PERIOD.search(text):  # the library reads it as 1
        raise ValueError("a limit's period must be between 1 second and 366 days")
    try:
        items = parse_many(text)
    except ValueError:
        raise ValueError("can't be read as limits; write for instance '5 per 10 minutes; 20 per day'") from None
    found = tuple(Limit(item.amount, item.get_expiry() * 1000) for item in items)
    for limit in found:
        if limit.amount > MOST:
            raise ValueError(f"a limit's amount must be at most {MOST}")
        if limit.period_ms <= 0 or limit.period_ms > 366 * 86_400_000:
            raise ValueError("a limit's period must be between 1 second and 366 days")
    return found
