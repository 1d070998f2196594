"""The times that a dashboard may look at, and into how many parts each is cut."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from otp_service.ledger.dashboards.counting import Span
from otp_service.service.core import now_ms

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
RangeName = Literal["1h", "24h", "7d"]


@dataclass(frozen=True, slots=True)
class Range:
    """So long back from now, in slots; figures may be `fresh_s` old."""

    name: RangeName
    words: str
    length_ms: int
    slot_ms: int
    step_ms: int  # ends are rounded up to it, so that viewers share their answers
    fresh_s: float

    def span(self, application: str | None = None, country: str | None = None) -> Span:
        """The messages of this time."""
        now = now_ms()
        until = now - now % self.step_ms + self.step_ms
        return Span(until - self.length_ms, until, self.slot_ms, now, application, country=country)

    def before(self, application: str | None = None) -> Span:
        """The messages of as much time before, in one slot."""
        now = self.span(application)
        return Span(now.from_ms - self.length_ms, now.from_ms, self.length_ms, now.now_ms, application)


RANGES: Mapping[str, Range] = {
    each.name: each
    for each in (
        Range("1h", "the last hour", HOUR_MS, MINUTE_MS, 10_000, 4),
        Range("24h", "the last 24 hours", DAY_MS, 30 * MINUTE_MS, MINUTE_MS, 10),
        Range("7d", "the last 7 days", 7 * DAY_MS, 3 * HOUR_MS, 5 * MINUTE_MS, 180),
    )
}
USUAL = "24h"
