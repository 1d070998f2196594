"""How many codes and messages were refused, and why.

Counted from the log of refusals, of which each process reads every entry once.
"""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from otp_service.service.core import Core, now_ms
from otp_service.store import refusal_tail
from otp_service.store.refusal_tail import BATCH, START, Refused

MINUTE_MS, DAY_MS = 60_000, 86_400_000
MOST_BATCHES = 100  # at one look; the rest is for the next one

Key = tuple[str, str, str, str]  # code, application, country, mode


@dataclass
class Refusals:
    """What the log tells of the last 24 hours, by minute; test keys' refusals are left out."""

    minutes: dict[int, Counter[Key]] = field(default_factory=dict)
    blocks: dict[int, Counter[str]] = field(default_factory=dict)
    _last: dict[int, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, core: Core) -> None:
        """Reads what is new; Refusal unavailable while Redis is down."""
        with self._lock:
            for cell in range(core.cells):
                self._read(core, cell)
            self._forget(now_ms() - DAY_MS)

    def count(self, from_ms: int, wanted: Callable[[Key], bool] = lambda _: True) -> Counter[Key]:
        """How many were refused since then, by code, application, country and mode."""
        found: Counter[Key] = Counter()
        with self._lock:
            for minute, counts in self.minutes.items():
                if minute + MINUTE_MS > from_ms:
                    found.update({key: count for key, count in counts.items() if wanted(key)})
        return found

    def by_slot(self, from_ms: int, slot_ms: int, wanted: Callable[[Key], bool] = lambda _: True) -> Counter[int]:
        """How many were refused by slot of time; a slot is when it begins."""
        found: Counter[int] = Counter()
        with self._lock:
            for minute, counts in self.minutes.items():
                if minute >= from_ms:
                    slot = minute - (minute - from_ms) % slot_ms
                    found[slot] += sum(count for key, count in counts.items() if wanted(key))
        return found

    def of_blocks(self, from_ms: int) -> Counter[str]:
        """How many were refused since then, by block of numbers."""
        with self._lock:
            found = [counts for minute, counts in self.blocks.items() if minute + MINUTE_MS > from_ms]
        return sum(found, Counter())

    def _read(self, core: Core, cell: int) -> None:
        for _ in range(MOST_BATCHES):
            entries, self._last[cell] = refusal_tail.after(core.link, cell, self._last.get(cell, START))
            for entry in entries:
                self._add(entry)
            if len(entries) < BATCH:
                return

    def _add(self, one: Refused) -> None:
        if one.test or one.asked_for == "check":  # a check asks for nothing to be sent
            return
        minute = one.at_ms - one.at_ms % MINUTE_MS
        self.minutes.setdefault(minute, Counter())[one.code, one.application, one.country, one.mode] += 1
        if one.block and one.mode != "shadow":
            self.blocks.setdefault(minute, Counter())[one.block] += 1

    def _forget(self, until_ms: int) -> None:
        for minute in [minute for minute in self.minutes if minute + MINUTE_MS <= until_ms]:
            del self.minutes[minute]
            self.blocks.pop(minute, None)
