"""Opening what was sealed: the envelope of the last message, and numbers in the ledger."""

from typing import Any

from otp_service.domain import envelopes
from otp_service.domain.keys import UnknownKid
from otp_service.service.core import Core


def envelope_of(core: Core, sealed: str, message: str) -> dict[str, Any] | None:
    """The envelope of a message, or None if its key has left the ring."""
    try:
        return envelopes.read(core.ring.open(sealed, message))
    except (UnknownKid, ValueError):
        return None


def number_of(core: Core, sealed: str, message: str) -> str | None:
    """The number in an envelope."""
    envelope = envelope_of(core, sealed, message)
    return envelope["to"] if envelope else None


def number_in_ledger(core: Core, to_sealed: str | None, number_index: str | None) -> str | None:
    """A person's number, or None once it is erased or its key gone."""
    if not to_sealed or not number_index:
        return None
    try:
        return core.ring.open(to_sealed, number_index).decode()
    except (UnknownKid, ValueError):
        return None
