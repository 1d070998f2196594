"""Proofs that were shown: each counts once."""

from sqlalchemy import Connection

from otp_service.ledger.schema import spent_proofs
from otp_service.ledger.writing import insert_once


def spend(connection: Connection, id: str, expires_ms: int) -> bool:
    """Uses up a proof with the transaction; False if it was used up before. Rivals wait for the first to end."""
    new = insert_once(connection, spent_proofs).values(id=id, expires_at=expires_ms)
    return connection.scalar(new.returning(spent_proofs.c.id)) is not None
