"""What makes a repeat harmless."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operation:
    """The id of an operation and, for a caller's Idempotency-Key, where its answer is remembered."""

    id: str
    key: str = ""  # digest of (application, Idempotency-Key); empty without one
    fingerprint: str = ""  # of method, path and body
    token: str = ""  # of this very call, so that a repeated claim knows itself
