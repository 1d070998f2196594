"""The time by which couriers decide: the store's."""

import time


class StoreClock:
    """The store's time, carried on by this process' own between two looks at it."""

    def __init__(self) -> None:
        self._ahead_ms = time.time() * 1000 - time.monotonic() * 1000

    def set(self, now_ms: int) -> None:
        """Takes over what the store says."""
        self._ahead_ms = now_ms - time.monotonic() * 1000

    def now_ms(self) -> float:
        """Milliseconds since 1970, as the store sees it."""
        return self._ahead_ms + time.monotonic() * 1000
