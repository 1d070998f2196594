"""Answers that many viewers share: each is asked for once, and anew only when it is older than its page allows."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Answer = TypeVar("Answer")
MOST = 256


class _Slot:
    """One answer, and who is asking for it."""

    def __init__(self) -> None:
        self.asking = threading.Lock()
        self.answer: Any = None
        self.at_s: float | None = None


class Kept:
    """A few answers in memory; while one viewer asks anew, the others read the old answer."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic, most: int = MOST) -> None:
        self._clock_s, self._most = clock_s, most
        self._slots: dict[Hashable, _Slot] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, fresh_s: float, ask: Callable[[], Answer]) -> Answer:
        """The answer of this key, asked for now unless it is at most so old; a failure is kept for nobody."""
        slot = self._slot(key)
        if self._is_fresh(slot, fresh_s):
            return slot.answer  # type: ignore[no-any-return]
        if not slot.asking.acquire(blocking=slot.at_s is None):
            return slot.answer  # type: ignore[no-any-return]
        try:
            if not self._is_fresh(slot, fresh_s):
                slot.answer = ask()
                slot.at_s = self._clock_s()
            return slot.answer  # type: ignore[no-any-return]
        finally:
            slot.asking.release()

    def forget(self, key: Hashable) -> None:
        """Has this answer asked for anew by whoever wants it next."""
        with self._lock:
            self._slots.pop(key, None)

    def _is_fresh(self, slot: _Slot, fresh_s: float) -> bool:
        return slot.at_s is not None and self._clock_s() - slot.at_s < fresh_s

    def _slot(self, key: Hashable) -> _Slot:
        with self._lock:
            found = self._slots.pop(key, None) or _Slot()
            self._slots[key] = found  # the last used one stands last
            while len(self._slots) > self._most:
                del self._slots[next(iter(self._slots))]
            return found
