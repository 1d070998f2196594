"""Attackers who see what becomes of each request and move: they are told, so no trace on paper can hold them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from otp_service.domain.replay.scoring import Verdict
from otp_service.domain.replay.trace import ATTACK, Row
from otp_service.domain.replay.traffic.attacks import BOTS_SOLVE, anywhere
from otp_service.domain.replay.traffic.chance import Chance
from otp_service.domain.replay.traffic.places import DEAR, PLACES, Place


@dataclass
class Mover:
    """Asks at a pace for numbers of one operator, and goes to the next after so many requests that were not sent.

    With `patience` it stays away from a place that refused it for that long; with `converts` it types some codes in.
    """

    chance: Chance
    family: str
    begin_ms: int
    every_ms: int
    refusals: int = 1
    patience_ms: int = 3_600_000
    solves: float = BOTS_SOLVE
    converts: float = 0.0
    places: Sequence[tuple[Place, str]] = field(default_factory=list)
    _left: dict[int, int] = field(default_factory=dict)
    _at: int = 0
    _refused: int = 0

    def __post_init__(self) -> None:
        if not self.places:
            found = [(PLACES[name], prefix) for name in DEAR for prefix in PLACES[name].prefixes]
            self.chance.shuffle(found)
            self.places = found

    def next(self, at_ms: int) -> Row:
        """The next request."""
        place, prefix = self.places[self._at]
        typed = 15_000 if self.chance.random() < self.converts else None
        solved = self.chance.random() < self.solves
        to = place.number(self.chance, prefix)
        return Row(
            at_ms, to, anywhere(self.chance), "", "", place.price_micros, typed, solved, f"{ATTACK}:{self.family}"
        )

    def hear(self, at_ms: int, verdict: Verdict) -> None:
        """Moves on where requests are not sent any more."""
        self._refused = 0 if verdict.sent else self._refused + 1
        if self._refused >= self.refusals:
            self._refused = 0
            self._left[self._at] = at_ms
            self._at = self._elsewhere(at_ms)

    def _elsewhere(self, at_ms: int) -> int:
        for step in range(1, len(self.places)):
            place = (self._at + step) % len(self.places)
            if at_ms - self._left.get(place, -self.patience_ms) >= self.patience_ms:
                return place
        return min(range(len(self.places)), key=lambda place: self._left.get(place, 0))


class Interactive:
    """A trace with movers in it: iterate over it, and `hear` what became of each row before taking the next."""

    def __init__(self, rows: Sequence[Row], movers: Sequence[Mover], end_ms: int) -> None:
        self._rows, self._end = rows, end_ms
        self._turns = {place: mover.begin_ms for place, mover in enumerate(movers)}
        self._movers = movers
        self._asked: Mover | None = None

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            yield from self._until(row.at_ms)
            self._asked = None
            yield row
        yield from self._until(self._end)

    def _until(self, at_ms: int) -> Iterator[Row]:
        while self._turns:
            place = min(self._turns, key=self._turns.__getitem__)
            when = self._turns[place]
            if when >= min(at_ms, self._end):
                return
            self._asked = self._movers[place]
            self._turns[place] = when + self._asked.every_ms
            yield self._asked.next(when)

    def hear(self, row: Row, verdict: Verdict) -> None:
        """Tells the attacker who asked."""
        if self._asked:
            self._asked.hear(row.at_ms, verdict)
