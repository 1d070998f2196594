"""The signed heads of the audit: one goes out a minute, or every thousand entries, while the chain moves.

Whoever signs holds the version's lock, so of several couriers exactly one signs a head, and its event is written in
the same transaction. The public key of every kid that ever signed is an entry of the chain itself: heads are verified
long after their key has left the ring.
"""

from collections.abc import Iterator
from dataclasses import asdict

from sqlalchemy import Connection, Engine, insert, select

from otp_service.domain import heads as signing
from otp_service.domain.events import OPERATOR, Event
from otp_service.domain.heads import Head
from otp_service.domain.keys import KeyRing
from otp_service.ledger import audit
from otp_service.ledger.changes import AuditKey, Change, change
from otp_service.ledger.engine import reading
from otp_service.ledger.events import record
from otp_service.ledger.schema import audit as entries
from otp_service.ledger.schema import audit_heads

EVERY_MS = 60_000
EVERY_ENTRIES = 1000
KEY_ACT = "audit.key"
ACTOR = "courier"


class TurnedBack(RuntimeError):
    """The chain is shorter than a head that went out, or ends otherwise: entries were cut off or exchanged."""


def sign_if_due(engine: Engine, ring: KeyRing, audit_key: AuditKey, now_ms: int) -> Head | None:
    """The head that was signed by this call, or None where the chain has not moved enough since the last one.

    Raises TurnedBack where the chain is behind what was signed before.
    """
    with reading(engine) as connection:
        if not _is_due(connection, now_ms):
            return None
    with change(engine, audit_key, ACTOR, now_ms) as opened:
        return _sign(opened, ring) if _is_due(opened.connection, now_ms) else None


def newest(connection: Connection) -> Head | None:
    """The head of the latest entry that one went out for."""
    row = connection.execute(select(audit_heads).order_by(audit_heads.c.seq.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else Head(**row)


def between(connection: Connection, after_seq: int, to_seq: int | None) -> Iterator[Head]:
    """The heads of entries after one and up to another, or to the end."""
    # From the start everything is wanted, also what was put in before the first entry.
    found = select(audit_heads).where(*([audit_heads.c.seq > after_seq] if after_seq else []))
    if to_seq is not None:
        found = found.where(audit_heads.c.seq <= to_seq)
    return (Head(**row) for row in connection.execute(found.order_by(audit_heads.c.seq)).mappings())


def published_keys(connection: Connection) -> dict[str, str]:
    """The public keys that the chain itself tells, by kid."""
    told = select(entries.c.target, entries.c.after).where(entries.c.act == KEY_ACT).order_by(entries.c.seq.desc())
    return {
        row.target: row.after["public_key"]
        for row in connection.execute(told)
        if isinstance(row.after, dict) and isinstance(row.after.get("public_key"), str)
    }


def _is_due(connection: Connection, now_ms: int) -> bool:
    seq, hash = audit.head(connection)
    last = newest(connection)
    if last is None:
        return seq > 0
    if seq < last.seq or (seq == last.seq and hash != last.hash):
        raise TurnedBack(f"the audit ends with entry {seq}, and a head of entry {last.seq} went out")
    return seq > last.seq and (now_ms - last.at >= EVERY_MS or seq - last.seq >= EVERY_ENTRIES)


def _sign(opened: Change, ring: KeyRing) -> Head:
    connection = opened.connection
    _publish(opened, ring)
    head = signing.sign(ring, *audit.head(connection), opened.at_ms)
    connection.execute(insert(audit_heads).values(asdict(head)))
    record(connection, [Event("audit.head", str(head.seq), OPERATOR, head.at, asdict(head), occasion=head.hash)])
    return head


def _publish(opened: Change, ring: KeyRing) -> None:
    last = newest(opened.connection)
    if last is not None and last.kid == ring.current:
        return  # it was told then; looking through a long chain once a minute would hold up every change
    if ring.current not in published_keys(opened.connection):
        told = {"public_key": signing.public_key(ring, ring.current)}
        audit.record(opened, KEY_ACT, target=ring.current, after=told)
