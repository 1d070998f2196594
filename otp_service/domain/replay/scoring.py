"""What a replay says: the money that attackers were kept from, and the people who were kept from their code."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

from otp_service.domain.replay.trace import Row

Decision = Literal["allow", "challenge", "deny"]
SLICE_MS = 300_000


class Verdict(NamedTuple):
    """What became of a row: the decision, whether it was sent, and why."""

    decision: Decision
    sent: bool
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class Tally:
    """What became of requests of one kind; money in millionths."""

    rows: int = 0
    sent: int = 0
    challenged: int = 0
    denied: int = 0
    spend_micros: int = 0
    blocked_micros: int = 0

    def add(self, row: Row, verdict: Verdict) -> None:
        """Counts one request."""
        self.rows += 1
        self.spend_micros += row.price_micros
        if verdict.sent:
            self.sent += 1
        else:
            self.blocked_micros += row.price_micros
        if verdict.decision == "challenge":
            self.challenged += 1
        elif verdict.decision == "deny":
            self.denied += 1

    def merge(self, other: "Tally") -> None:
        """Adds what another one counted."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def lost(self) -> float:
        """The share of requests that were not sent."""
        return (self.rows - self.sent) / self.rows if self.rows else 0.0

    @property
    def blocked(self) -> float:
        """The share of the money that was not spent."""
        return self.blocked_micros / self.spend_micros if self.spend_micros else 0.0


@dataclass(slots=True)
class Score:
    """What a replay says, by family and over time."""

    legit: Tally = field(default_factory=Tally)
    families: dict[str, Tally] = field(default_factory=dict)
    times: dict[int, tuple[Tally, Tally]] = field(default_factory=dict)  # by slice of time: people, attackers
    reasons: dict[str, int] = field(default_factory=dict)  # why people were lost

    def add(self, row: Row, verdict: Verdict) -> None:
        """Counts one row."""
        slot = row.at_ms // SLICE_MS
        if slot not in self.times:
            self.times[slot] = (Tally(), Tally())
        people, attackers = self.times[slot]
        if row.attack:
            attackers.add(row, verdict)
            self._family(row.family).add(row, verdict)
        else:
            people.add(row, verdict)
            self.legit.add(row, verdict)
            if not verdict.sent:
                self._lost(verdict)

    def _family(self, name: str) -> Tally:
        found = self.families.get(name)
        if found is None:
            found = self.families[name] = Tally()
        return found

    def _lost(self, verdict: Verdict) -> None:
        for reason in verdict.reasons[:1]:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1

    @property
    def attack(self) -> Tally:
        """All attacks together."""
        whole = Tally()
        for tally in self.families.values():
            whole.merge(tally)
        return whole

    @property
    def rows(self) -> int:
        """How many rows were replayed."""
        return self.legit.rows + self.attack.rows


def summary(score: Score, p99_decision_us: int | None = None) -> dict[str, Any]:
    """The score as `--json` prints it; shares from 0 to 1."""
    attack, legit = score.attack, score.legit
    return {
        "rows": score.rows,
        "attack_spend_blocked": round(attack.blocked, 6),
        "legit_lost": round(legit.lost, 6),
        "legit_challenged": _share(legit.challenged, legit.rows),
        "by_family": {name: _of_family(tally) for name, tally in sorted(score.families.items())},
        "p99_decision_us": p99_decision_us,
        "legit_rows": legit.rows,
        "attack_rows": attack.rows,
        "attack_spend_micros": attack.spend_micros,
        "attack_spend_blocked_micros": attack.blocked_micros,
    }


def _of_family(tally: Tally) -> dict[str, Any]:
    return {"attack_spend_blocked": round(tally.blocked, 6), **_counts(asdict(tally))}


def _counts(tally: Mapping[str, int]) -> dict[str, int]:
    return {name: value for name, value in tally.items() if name != "blocked_micros"}


def _share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0
