"""What wrong codes in a row hold against a subject, in Redis."""

from dataclasses import dataclass

from otp_service.store.keys import failures_key
from otp_service.store.link import Arg, Link
from otp_service.store.scripts import SCRIPTS

FAILURES_KEPT_MS = 90 * 86_400_000
LOCK_FROM, LOCK_BASE_MS, LOCK_MOST_MS = 10, 30_000, 3_600_000


@dataclass(frozen=True, slots=True)
class FailureLock:
    """What is counted against a subject."""

    failures: int
    strangers: int
    wait_ms: int
    last_ms: int | None


def failure_lock(link: Link, cells: int, subject: bytes, now: str = "") -> FailureLock:
    """The failure lock of a subject as it stands."""
    args: list[Arg] = [now, FAILURES_KEPT_MS, LOCK_FROM, LOCK_BASE_MS, LOCK_MOST_MS]
    every, strangers, wait, last = link.call(SCRIPTS["lock"], [failures_key(subject, cells)], args)
    return FailureLock(int(every), int(strangers), int(wait), int(last) if last else None)


def forgive(link: Link, cells: int, subject: bytes) -> None:
    """Forgets all failures of a subject: an admin lifts its lock."""
    link.command("DEL", failures_key(subject, cells))
