"""What the brake would have made of attempts that were sent: money saved, and whom it would have refused."""

from dataclasses import asdict, dataclass, field
from typing import Any

from otp_service.domain.phone import mask
from otp_service.domain.replay.scoring import Verdict
from otp_service.domain.replay.trace import Row

MOST_NAMED = 20


@dataclass(slots=True)
class Line:
    """Attempts to one place; money in millionths."""

    attempts: int = 0
    converted: int = 0
    spend_micros: int = 0
    refused: int = 0
    saved_micros: int = 0
    lost: int = 0  # refused although somebody typed the code

    def add(self, row: Row, verdict: Verdict) -> None:
        """Counts an attempt."""
        typed = row.converts_after_ms is not None
        self.attempts += 1
        self.converted += typed
        self.spend_micros += row.price_micros
        if not verdict.sent:
            self.refused += 1
            self.lost += typed
            self.saved_micros += row.price_micros


@dataclass(slots=True)
class Backtest:
    """The whole, and by country; some of those who typed a code and would have been refused, masked."""

    whole: Line = field(default_factory=Line)
    countries: dict[str, Line] = field(default_factory=dict)
    people: list[tuple[str, str]] = field(default_factory=list)

    def add(self, row: Row, verdict: Verdict, country: str) -> None:
        """Counts an attempt to a country."""
        for line in (self.whole, self.countries.setdefault(country, Line())):
            line.add(row, verdict)
        if not verdict.sent and row.converts_after_ms is not None and len(self.people) < MOST_NAMED:
            self.people.append((mask(row.to), (*verdict.reasons, "")[0]))

    def told(self) -> dict[str, Any]:
        """The findings for programs; shares from 0 to 1."""
        whole = self.whole
        return {
            **asdict(whole),
            "saved": _share(whole.saved_micros, whole.spend_micros),
            "lost_share": _share(whole.lost, whole.converted),
            "by_country": {name: asdict(line) for name, line in self.dearest()},
            "refused_people": [{"to": to, "reason": reason} for to, reason in self.people],
        }

    def dearest(self) -> list[tuple[str, Line]]:
        """The countries, by what would have been saved there."""
        return sorted(self.countries.items(), key=lambda item: (-item[1].saved_micros, item[0]))


def _share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0
