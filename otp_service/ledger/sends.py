"""Codes that were sent, as a replay needs them: when, to whom by pseudonym, what it cost, whether it was typed in."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from otp_service.ledger.schema import messages, people, verifications


@dataclass(frozen=True, slots=True)
class Send:
    """One text of a verification; times in milliseconds."""

    verification_id: str
    at_ms: int
    number_index: str
    block: str
    ip_index: str | None
    network_index: str | None
    device_index: str | None
    user_index: str | None
    price_micros: int | None
    country: str | None
    approved_ms: int | None


def sends(connection: Connection, application_id: str, from_ms: int, to_ms: int, most: int) -> Sequence[Send]:
    """The oldest codes sent with live keys in [from_ms, to_ms), oldest first; those of erased people are gone."""
    v, m, p = verifications.c, messages.c, people.c
    found = (
        select(
            *(v.id, m.queued_at, p.number_index, p.block),
            *(v.ip_index, v.network_index, v.device_index, v.user_index),
            *(m.price_micros, m.country, v.ended_at, v.status),
        )
        .join(verifications, v.id == m.verification_id)
        .join(people, p.person_id == m.person_id)
        .where(m.application_id == application_id, m.queued_at >= from_ms, m.queued_at < to_ms)
        .where(m.test.is_not(True), v.test.is_not(True), p.block.is_not(None))
        .order_by(m.queued_at, m.id)
        .limit(most)
    )
    return [
        Send(*row[:10], approved_ms=row.ended_at if row.status == "approved" else None)
        for row in connection.execute(found)
    ]
