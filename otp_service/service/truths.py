"""The truths in memory: a snapshot of the ledger that a background thread keeps fresh, never a request."""

import threading
import time
from collections.abc import Callable

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from otp_service.domain.errors import Refusal
from otp_service.ledger.snapshot import Snapshot, load_snapshot

REFRESH_S = 1.0  # a revoked key is refused within 5 s
log = structlog.get_logger("otp_service.truths")


class Truths:
    """The last snapshot of the ledger; while SQL is down it stays in force."""

    def __init__(self, engine: Engine, told: Callable[[bool], None] = lambda _: None) -> None:
        self._engine = engine
        self._told = told  # whether the ledger could be read, each time
        self._snapshot: Snapshot | None = None
        self._read_at = 0.0
        self._stop = threading.Event()

    def __call__(self) -> Snapshot:
        """The truths in force; Refusal unavailable in a process that never had any."""
        if self._snapshot is None:
            raise Refusal("unavailable", "the ledger has not been read yet", retry_after_s=2)
        return self._snapshot

    @property
    def age_s(self) -> float | None:
        """How long ago the ledger was last read; None if never."""
        return None if self._snapshot is None else time.monotonic() - self._read_at

    def refresh(self) -> bool:
        """Reads the ledger; False if it can't be read."""
        try:
            self._snapshot = load_snapshot(self._engine, self._snapshot)
        except SQLAlchemyError as error:
            log.warning("ledger_unreadable", error=type(error).__name__)
            self._told(False)
            return False
        self._read_at = time.monotonic()
        self._told(True)
        return True

    def keep(self) -> None:
        """Starts the thread that refreshes until stop()."""
        threading.Thread(target=self._loop, name="truths", daemon=True).start()

    def stop(self) -> None:
        """Ends the thread."""
        self._stop.set()

    def _loop(self) -> None:
        while not self._stop.wait(REFRESH_S):
            try:
                self.refresh()
            except Exception as error:
                # What no release wrote. It may be put right, but nobody would start this thread again.
                log.error("ledger_unreadable", error=type(error).__name__)
                self._told(False)
