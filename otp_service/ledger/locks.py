"""Hard locks: numbers that too many wrong codes in a row have disabled, until an admin lifts them."""

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from otp_service.ledger import audit
from otp_service.ledger.changes import Change
from otp_service.ledger.schema import hard_locks


@dataclass(frozen=True, slots=True)
class HardLock:
    """One number of one application that gets no codes; `subject` is the base64url of its address' subject."""

    fact_id: str
    subject: str
    application_id: str
    person_id: str | None
    failures: int
    locked_at: int
    lifted_at: int | None
    lifted_by: str | None


def in_force(connection: Connection, application_id: str | None = None, subject: str | None = None) -> list[HardLock]:
    """The locks that nobody has lifted, oldest first; of one application or of all, of one number or of all."""
    oldest = select(hard_locks).where(hard_locks.c.lifted_at.is_(None))
    if application_id is not None:
        oldest = oldest.where(hard_locks.c.application_id == application_id)
    if subject is not None:
        oldest = oldest.where(hard_locks.c.subject == subject)
    rows = connection.execute(oldest.order_by(hard_locks.c.locked_at, hard_locks.c.fact_id)).mappings()
    return [HardLock(**row) for row in rows]


def lift(change: Change, application_id: str, subject: str, reason: str = "") -> bool:
    """Lift whatever locks this number; False if nothing does. The store's failure count is the caller's to reset."""
    lifted = in_force(change.connection, application_id, subject)
    for lock in lifted:
        change.connection.execute(
            update(hard_locks)
            .where(hard_locks.c.fact_id == lock.fact_id)
            .values(lifted_at=change.at_ms, lifted_by=change.actor)
        )
        before = {"failures": lock.failures, "locked_at": lock.locked_at}
        after = {"reason": reason} if reason else None
        audit.record(
            change, "lock.lift", application_id=application_id, target=lock.person_id, before=before, after=after
        )
    return bool(lifted)
