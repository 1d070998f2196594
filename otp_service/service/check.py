"""Check: is this the code? The guess is paid for before it is compared."""

from dataclasses import dataclass
from typing import Any, NoReturn

from otp_service.domain import codes, proof
from otp_service.domain.errors import Refusal
from otp_service.domain.ids import Address, is_of, read_verification_id
from otp_service.domain.policy import DAY_S
from otp_service.domain.requests import CheckRequest
from otp_service.service.callers import Caller
from otp_service.service.core import Core
from otp_service.service.destination import is_disabled, locate, number_index
from otp_service.service.history import Past, past
from otp_service.service.sealed import number_of
from otp_service.service.start import device_digest, lock_detail
from otp_service.store import guesses as store
from otp_service.store.operation import Operation

ALARM_AT = 50  # consecutive failures, half of what NIST allows


@dataclass(frozen=True, slots=True)
class Result:
    """What the caller hears about a guess."""

    id: str
    status: str
    valid: bool
    reason: str | None
    attempts_left: int
    to: str | None
    purpose: str
    channel: str
    approved_ms: int | None
    proof: str | None = None


def nothing_there() -> NoReturn:
    """One and the same 404 for unknown, foreign, forged and malformed."""
    raise Refusal("not_found", "there is no such verification")


def check(core: Core, caller: Caller, request: CheckRequest, operation: Operation, request_id: str) -> Result:
    """The verdict on a guess; Refusal where there is nothing to compare it with."""
    to, at = _find(core, caller, request)
    guess = _guess(core, caller, request, operation, at, to, request_id)
    checked = store.check(core.link, core.cells, guess, clustered=core.clustered)
    if checked == "none":
        return _from_history(core, caller, request)
    if not checked.replayed:
        core.observe.checked(checked.reason or "approved")
    if checked.failures == ALARM_AT:
        core.observe.alarmed("failures")
    to = to or _number(core, caller, checked)
    return Result(
        *(checked.id, checked.status, checked.valid, checked.reason, checked.attempts_left, to),
        *(checked.purpose, checked.channel, checked.approved_ms),
        proof=_proof(core, caller, checked, request.user, to) if checked.valid else None,
    )


def _number(core: Core, caller: Caller, checked: store.Checked) -> str | None:
    """The number of a check by id; not told once it ended where the policy keeps no number for a day."""
    over = checked.status != "pending" and not checked.valid and checked.reason != "wrong_code"
    if over and caller.application.policy.retain_number_s < DAY_S:
        return None
    return number_of(core, checked.envelope, checked.message)


def _find(core: Core, caller: Caller, request: CheckRequest) -> tuple[str | None, Address]:
    if request.to is not None:
        number, at = locate(core, caller, request.to, request.purpose or "login")
        return number.e164, at
    at_id = read_verification_id(core.index_key, caller.realm, request.id or "")
    # A login flow that names the purpose must not be answered with a code that was sent for another.
    if at_id is None or (request.purpose is not None and not is_of(at_id, request.purpose)):
        nothing_there()
    return None, at_id


def _guess(
    core: Core,
    caller: Caller,
    request: CheckRequest,
    operation: Operation,
    at: Address,
    to: str | None,
    request_id: str,
) -> store.Guess:
    ring, disabled, test = core.ring, is_disabled(core, caller, at), "true" if caller.test else "false"
    return store.Guess(
        at=at,
        operation=operation,
        id=request.id or "",
        code_length=len(request.code),
        alphabets=codes.alphabets_of(request.code),
        digests=[
            (kid, codes.digest(ring.key("check", kid), at, request.user, request.binding, request.code))
            for kid in ring.kids
        ],
        device=device_digest(core, at, request.client.device_id),
        hard_lock_after=caller.application.policy.hard_lock_after,
        lock_detail=lock_detail(caller, at),
        detail=f'{{"request":"{request_id}"}}',
        request=request_id,
        refusal=f'{{"application":"{caller.application.id}","test":{test},"request":"{request_id}"}}',
        # Where the record is gone nothing else tells whose code it was.
        number_index=number_index(core, to) if disabled and to else "",
        # The script refuses what the ledger has locked, but only after it knew its own repeat.
        disabled=disabled,
    )


def _from_history(core: Core, caller: Caller, request: CheckRequest) -> Result:
    """A verification whose record is gone is answered from the ledger: why it ended, never `valid`."""
    known: Past | None = past(core, caller, request.id) if request.id else None
    if known is None:
        nothing_there()
    reason = {"approved": "already_used", "failed": "max_attempts", "canceled": "canceled"}.get(known.status, "expired")
    core.observe.checked(reason)
    return Result(known.id, known.status, False, reason, 0, known.to, known.purpose, known.channel, known.approved_ms)


def _proof(core: Core, caller: Caller, checked: store.Checked, user: str | None, to: str | None) -> str | None:
    policy = caller.application.policy
    if not policy.proof or checked.approved_ms is None:
        return None
    claims: dict[str, Any] = proof.claims(
        issuer=core.public_url,
        application=caller.application.id,
        test=caller.test,
        verification=checked.id,
        approved_ms=checked.approved_ms,
        purpose=checked.purpose,
        channel=checked.channel,
        user=user,
        to=to if policy.proof_phone_number else None,
    )
    return proof.sign(core.ring, claims)
