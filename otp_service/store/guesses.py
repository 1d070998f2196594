"""Guesses at a code: paid for and compared by one script and one trip."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from otp_service.domain.errors import Refusal
from otp_service.domain.ids import Address
from otp_service.store import spread
from otp_service.store.failure_locks import FAILURES_KEPT_MS
from otp_service.store.keys import SubjectKeys, idempotency_key, subject_keys
from otp_service.store.link import Arg, Link
from otp_service.store.operation import REMEMBER_MS, Operation, answered
from otp_service.store.scripts import SCRIPTS

GUESSES_KEPT_MS = 600_000  # as long as any code lives, so that a late repeat knows itself
MOST_DEVICES = 20


class Guess(NamedTuple):
    """All that the check script needs to know; `id` is empty when the number names the verification."""

    at: Address
    operation: Operation
    id: str
    code_length: int
    alphabets: Sequence[str]
    digests: Sequence[tuple[str, str]]  # (kid, digest) per key of the ring
    device: str
    hard_lock_after: int
    lock_detail: str
    detail: str = ""  # JSON for the fact
    request: str = ""
    refusal: str = '{"test":false}'  # JSON of who asks: of the refusal, if it is one
    number_index: str = ""  # as far as it is known
    disabled: bool = False  # the ledger holds the hard lock


class Checked(NamedTuple):
    """What came of a guess."""

    id: str
    status: str
    valid: bool
    reason: str | None
    attempts_left: int
    purpose: str
    channel: str
    approved_ms: int | None
    envelope: str
    message: str
    failures: int
    replayed: bool = False


def check(link: Link, cells: int, guess: Guess, now: str = "", clustered: bool = False) -> Checked | Literal["none"]:
    """Pays for the guess and compares it; "none" where Redis knows no such verification."""
    keys = subject_keys(guess.at, cells)
    if clustered:
        answer = spread.check(link, guess.operation, lambda: _check(link, keys, guess, now, ""))
    else:
        answer = _check(link, keys, guess, now, idempotency_key(guess.operation.key) if guess.operation.key else "")
    if answer[0] == "none":
        return "none"
    if answer[0] == "shape":
        detail = "a code of this verification has another length or other symbols; this cost no attempt"
        raise Refusal("invalid_field", f"code: {detail}", errors=[{"field": "code", "code": "shape", "detail": detail}])
    return _checked(answer)


def _check(link: Link, keys: SubjectKeys, guess: Guess, now: str, idem: str) -> list[str]:
    operation = guess.operation
    names = [keys.record, keys.failures, keys.facts, keys.conversions, keys.repay, keys.refusals]
    names += [idem] if idem else []
    args: list[Arg] = [
        *(now, operation.id, operation.fingerprint, REMEMBER_MS, guess.id),
        *(guess.device, guess.hard_lock_after, FAILURES_KEPT_MS, MOST_DEVICES),
        *(guess.code_length, f",{','.join(guess.alphabets)},", guess.lock_detail, GUESSES_KEPT_MS, guess.detail),
        *(guess.request, guess.refusal, guess.number_index, "1" if guess.disabled else ""),
        *(part for pair in guess.digests for part in pair),
    ]
    answer: list[str] = link.call(SCRIPTS["check"], names, args, durable=True)
    return answer


def _checked(answer: list[str]) -> Checked:
    body, replayed = answered(answer)
    _, id_, status, valid, reason, left, purpose, channel, approved, envelope, message, failures = body
    return Checked(
        *(id_, status, valid == "1", reason or None, int(left), purpose, channel),
        *(int(approved) if approved else None, envelope, message, int(failures), replayed),
    )
