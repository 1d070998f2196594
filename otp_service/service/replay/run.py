"""Replays a trace in the order of its own time, with as many decisions in flight as its conversions allow."""

import heapq
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from otp_service.domain.replay.scoring import Verdict
from otp_service.domain.replay.trace import Row
from otp_service.store.batches import Batches
from otp_service.store.link import Arg
from otp_service.store.scripts import Script

MOST_IN_FLIGHT = 256
MEASURED_EVERY = 97  # rows: a prime, so that no rhythm of a trace falls in step with it

Call = tuple[Script, Sequence[str], Sequence[Arg]]


class Judge(Protocol):
    """What decides: the calls of a row, and what their answers mean."""

    def refusal(self, row: Row) -> Verdict | None: ...
    def decision(self, row: Row) -> Call: ...
    def decided(self, answer: Any) -> tuple[Verdict, str]: ...  # and the tab that a conversion pays back
    def repayment(self, tab: str, place: int, at_ms: int) -> Call: ...


class Replayed(NamedTuple):
    """A row with what became of it; `took_us` is how long its decision took, where it was measured."""

    row: Row
    verdict: Verdict
    took_us: int | None = None


class Replay:
    """One run over a trace: a conversion is paid back before the first row that is not earlier than it."""

    def __init__(self, calls: Batches, judge: Judge, most_in_flight: int = MOST_IN_FLIGHT) -> None:
        self._calls, self._judge, self._most = calls, judge, most_in_flight
        self._due: list[tuple[int, int, str]] = []  # when a code is typed in, the row's place, its tab
        self._flying: list[tuple[Row, int, Verdict | None] | None] = []  # in the order of the calls; None: a repayment
        self._horizon: float = float("inf")  # when the first code of a row in flight may be typed in
        self._place = 0

    def run(self, rows: Iterable[Row]) -> Iterator[Replayed]:
        """What became of each row, in order."""
        for self._place, row in enumerate(rows, 1):
            if row.at_ms >= self._horizon or len(self._flying) >= self._most:
                yield from self._land()
            self._pay_back(row.at_ms)
            refused = self._judge.refusal(row)
            if refused:
                self._flying.append((row, self._place, refused))
            elif self._place % MEASURED_EVERY:
                self._ask(row)
            else:
                yield from self._land()
                yield self._measured(row)
        yield from self._land()

    def one(self, row: Row) -> Verdict:
        """What becomes of one row, told before the next is made up: for attackers who watch."""
        self._place += 1
        self._pay_back(row.at_ms)
        list(self._land())
        return self._judge.refusal(row) or self._measured(row).verdict

    def _ask(self, row: Row) -> None:
        self._calls.call(*self._judge.decision(row))
        self._flying.append((row, self._place, None))
        if row.converts_after_ms is not None:
            self._horizon = min(self._horizon, row.at_ms + row.converts_after_ms)

    def _pay_back(self, until_ms: int) -> None:
        while self._due and self._due[0][0] <= until_ms:
            at_ms, place, tab = heapq.heappop(self._due)
            self._calls.call(*self._judge.repayment(tab, place, at_ms))
            self._flying.append(None)

    def _land(self) -> Iterator[Replayed]:
        for flight in self._flying:
            if flight is None:
                self._calls.answer()
                continue
            row, place, refused = flight
            yield Replayed(row, refused or self._heard(row, place, self._calls.answer()))
        self._flying.clear()
        self._horizon = float("inf")

    def _heard(self, row: Row, place: int, answer: Any) -> Verdict:
        verdict, tab = self._judge.decided(answer)
        if verdict.sent and tab and row.converts_after_ms is not None:
            heapq.heappush(self._due, (row.at_ms + row.converts_after_ms, place, tab))
        return verdict

    def _measured(self, row: Row) -> Replayed:
        """A decision with nothing else in flight, from the row to the verdict, as a start meets it."""
        began = time.perf_counter_ns()
        self._calls.call(*self._judge.decision(row))
        verdict = self._heard(row, self._place, self._calls.answer())
        return Replayed(row, verdict, (time.perf_counter_ns() - began) // 1000)


def percentile(values: Sequence[int], share: float) -> int | None:
    """The value below which this share of them lies; None without any."""
    if not values:
        return None
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
