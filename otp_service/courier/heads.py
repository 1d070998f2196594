"""Heads of the audit go out: signed by whichever courier comes first, told in its log, appended to a file by each."""

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import structlog
from sqlalchemy import Engine

from otp_service.courier.loops import repeat
from otp_service.courier.observe import Observe
from otp_service.domain.heads import from_line, to_line
from otp_service.domain.keys import KeyRing
from otp_service.ledger import audit, heads
from otp_service.ledger.changes import AuditKey
from otp_service.ledger.engine import reading
from otp_service.service.core import now_ms

LOOK_S = 2.0
TAIL_BYTES = 4096  # of the file: more than its last lines
TURNED_BACK = "audit_turned_back"

log = structlog.get_logger()


class Heads:
    """One courier's part in it; `file` gets every head, whoever signed it, and several couriers may share it."""

    def __init__(
        self,
        engine: Engine,
        ring: KeyRing,
        audit_key: AuditKey,
        file: Path | None,
        observe: Observe,
        alarmed: Callable[[str], None],
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._engine, self._ring, self._audit_key = engine, ring, audit_key
        self._file, self._observe, self._alarmed, self._clock = file, observe, alarmed, clock
        self._told_of: str | None = None  # what was turned back, told once
        self._written = -1  # the last head that is known to be in the file

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop`."""
        await repeat("heads", self.step, stop, every_s=LOOK_S, stumbled=self._observe.stumbled)

    async def step(self) -> None:
        """Signs a head if one is due, and brings the file up to date."""
        await asyncio.to_thread(self._step)

    def _step(self) -> None:
        try:
            head = heads.sign_if_due(self._engine, self._ring, self._audit_key, self._clock())
            if head:
                log.info("audit_head", **asdict(head))
            self._tell_file()
            self._told_of = None
        except heads.TurnedBack as error:
            self._alarm(str(error))
        with reading(self._engine) as connection:
            seq, last = audit.head(connection)[0], heads.newest(connection)
        self._observe.audit(seq, last.seq if last else 0)

    def _tell_file(self) -> None:
        if self._file is None or self._newest_seq() in (None, self._written):
            return
        # The ledger is read behind the file's lock: what others wrote into the file before was in the ledger by then.
        with _open(self._file) as file, reading(self._engine) as connection:
            self._written, last = _last_seq(file), heads.newest(connection)
            if last is None or self._written > last.seq:
                raise heads.TurnedBack(f"{self._file} has a head of entry {self._written}, the ledger none so late")
            lines = [to_line(head) for head in heads.between(connection, self._written, None)]
            file.write("".join(f"{line}\n" for line in lines).encode())
            file.flush()
            os.fsync(file.fileno())
        self._written = last.seq

    def _newest_seq(self) -> int | None:
        with reading(self._engine) as connection:
            last = heads.newest(connection)
        return last.seq if last else None

    def _alarm(self, detail: str) -> None:
        if detail != self._told_of:
            self._told_of = detail
            log.error(TURNED_BACK, detail=detail)
            self._alarmed(TURNED_BACK)


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    """The file, opened to be added to, while nobody else does."""
    with open(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
        yield file


def _last_seq(file: BinaryIO) -> int:
    """The entry of the last head in the file; 0 if it has none. A line that a crash cut short is ended."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - TAIL_BYTES))
    tail = file.read()
    if tail and not tail.endswith(b"\n"):
        file.write(b"\n")
    for line in reversed(tail.splitlines()):
        try:
            return from_line(line.decode()).seq
        except ValueError:
            continue
    return 0
