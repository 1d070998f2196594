"""Suspended senders: what a vendor called unregistered is shown to nobody until an admin puts it back."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, insert, select, update

from otp_service.domain.events import OPERATOR, Event
from otp_service.ledger import audit
from otp_service.ledger.changes import Change
from otp_service.ledger.events import record
from otp_service.ledger.ids import new_id
from otp_service.ledger.schema import sender_suspensions

Suspended = dict[tuple[str, str], frozenset[str | None]]  # (provider, sender) -> countries; None: everywhere


@dataclass(frozen=True, slots=True)
class Suspension:
    """One time that a sender was taken out; the sender is empty where the vendor picks its own."""

    id: str
    provider: str
    sender: str
    country: str | None  # None: everywhere
    reason: str
    raw: str | None  # the vendor's own word
    suspended_at: int
    lifted_at: int | None = None
    lifted_by: str | None = None


def suspend(
    change: Change, provider: str, sender: str, country: str | None, reason: str, raw: str | None, *, sent_ms: int
) -> Suspension | None:
    """Take a sender out; None if it is out already, or was put back after the message that tells of it was sent."""
    for known in _of(change.connection, provider, sender):
        covers = known.country in (None, country)
        if covers and (known.lifted_at is None or known.lifted_at >= sent_ms):
            return None
    made = Suspension(new_id("sus"), provider, sender, country, reason, raw, change.at_ms)
    change.connection.execute(
        insert(sender_suspensions).values(
            id=made.id,
            provider=provider,
            sender=sender,
            country=country,
            reason=reason,
            raw=raw,
            suspended_at=made.suspended_at,
        )
    )
    audit.record(change, "sender.suspend", target=made.id, after=_said(made))
    told = {"provider": provider, "sender": sender, "country": country, "reason": reason}
    record(change.connection, [Event("sender.suspended", made.id, OPERATOR, change.at_ms, told)])
    return made


def lift(change: Change, provider: str, sender: str, country: str | None = None) -> list[Suspension]:
    """Put a sender back, in one country or in all; what was lifted."""
    lifted = [
        known
        for known in _of(change.connection, provider, sender)
        if known.lifted_at is None and country in (None, known.country)
    ]
    for known in lifted:
        change.connection.execute(
            update(sender_suspensions)
            .where(sender_suspensions.c.id == known.id)
            .values(lifted_at=change.at_ms, lifted_by=change.actor)
        )
        audit.record(change, "sender.restore", target=known.id, before=_said(known))
    return lifted


def in_force(connection: Connection) -> list[Suspension]:
    """The suspensions that nobody has lifted, oldest first."""
    oldest = select(sender_suspensions).where(sender_suspensions.c.lifted_at.is_(None))
    oldest = oldest.order_by(sender_suspensions.c.suspended_at, sender_suspensions.c.id)
    return [_suspension(row) for row in connection.execute(oldest).mappings()]


def arranged(found: Iterable[Suspension]) -> Suspended:
    """Suspensions as routing looks them up."""
    table: Suspended = {}
    for each in found:
        key = each.provider, each.sender
        table[key] = table.get(key, frozenset()) | {each.country}
    return table


def _of(connection: Connection, provider: str, sender: str) -> list[Suspension]:
    rows = select(sender_suspensions).where(
        sender_suspensions.c.provider == provider, sender_suspensions.c.sender == sender
    )
    return [_suspension(row) for row in connection.execute(rows.order_by(sender_suspensions.c.suspended_at)).mappings()]


def _suspension(row: RowMapping) -> Suspension:
    return Suspension(**row)


def _said(suspension: Suspension) -> dict[str, str | None]:
    return {
        "provider": suspension.provider,
        "sender": suspension.sender,
        "country": suspension.country,
        "reason": suspension.reason,
        "raw": suspension.raw,
    }
