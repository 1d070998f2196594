"""What makes a repeat harmless."""

import json
from dataclasses import dataclass

from otp_service.domain.errors import Refusal
from otp_service.store.refused import Refused

REMEMBER_MS = 86_400_000  # answers by Idempotency-Key


@dataclass(frozen=True, slots=True)
class Operation:
    """The id of an operation and, for a caller's Idempotency-Key, where its answer is remembered."""

    id: str
    key: str = ""  # digest of (application, Idempotency-Key); empty without one
    fingerprint: str = ""  # of method, path and body
    token: str = ""  # of this very call, so that a repeated claim knows itself


def answered(answer: list[str]) -> tuple[list[str], bool]:
    """What a script answered, and whether it had done so before; Refused for what it refuses."""
    if answer[0] == "kid":
        raise Refusal(
            "unavailable", "the key that made this code is not in the key ring; nothing was used up", retry_after_s=5
        )
    if answer[0] == "refused":
        raise Refused(answer)
    if answer[0] == "replay":
        return json.loads(answer[1]), True
    return answer, answer[0] == "known"
