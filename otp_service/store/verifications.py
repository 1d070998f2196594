"""Verifications in Redis: start, cancel and read, each one script and one trip."""

from collections.abc import Sequence
from typing import NamedTuple

from otp_service.domain.errors import Refusal
from otp_service.domain.ids import Address
from otp_service.store import spread
from otp_service.store.failure_locks import FAILURES_KEPT_MS, LOCK_BASE_MS, LOCK_FROM, LOCK_MOST_MS
from otp_service.store.fraud import Brake, Charged, judge, refund
from otp_service.store.keys import SubjectKeys, idempotency_key, solved_key, subject_keys
from otp_service.store.limits import Rule, flat
from otp_service.store.link import Arg, Link
from otp_service.store.operation import REMEMBER_MS, Operation, answered
from otp_service.store.refused import Refused
from otp_service.store.scripts import SCRIPTS

RECORD_KEPT_MS = 86_400_000  # after expiry, so that a late check hears its reason


class Opening(NamedTuple):
    """All that the start script needs to know; durations in milliseconds."""

    at: Address
    operation: Operation
    id: str
    kid: str
    kids: Sequence[str]  # of the whole ring
    digest: str
    bound: str
    purpose: str
    channel: str
    shape: str
    number_index: str
    ttl_ms: int
    max_attempts: int
    max_sends: int
    resend_after_ms: int
    device: str
    hard_lock_after: int
    message: str
    envelope: str
    request: str
    price_micros: int
    detail: str  # who asks for what: of the fact, and of the refusal if it is one
    more_detail: str  # of the fact alone
    message_detail: str
    rules: Sequence[Rule]
    only: str = ""
    record_kept_ms: int = RECORD_KEPT_MS
    lock_detail: str = "{}"
    application: str = ""
    brake: Brake | None = None
    mode: str = "enforce"  # or shadow: the brake decides and notes, and lets pass
    solution: str = ""  # of a challenge, and how long it must be known as used up
    solution_ms: int = 0


class Started(NamedTuple):
    """A verification that was opened or sent again; times in milliseconds."""

    id: str
    new: bool
    created_ms: int
    expires_ms: int
    resend_after_ms: int
    sends: int
    attempts_left: int
    message: str
    channel: str
    replayed: bool = False
    decision: str = ""  # of the brake: allow, solved, in shadow also challenge or deny; empty where it did not judge


def start(link: Link, cells: int, opening: Opening, now: str = "", clustered: bool = False) -> Started:
    """Opens or re-sends; Refusal for everything that a rule forbids, which then has changed nothing."""
    keys = subject_keys(opening.at, cells)
    if clustered:
        answer = spread.start(
            link,
            keys,
            opening.operation,
            opening.rules,
            lambda local, foreign: _start_apart(link, keys, opening, now, local, foreign),
        )
    else:
        idem = idempotency_key(opening.operation.key) if opening.operation.key else ""
        answer = _start(link, keys, opening, now, opening.rules, spread.NOTHING_FOREIGN, idem=idem)
    return _started(answer)


def _start_apart(
    link: Link, keys: SubjectKeys, o: Opening, now: str, rules: Sequence[Rule], foreign: Sequence[Arg]
) -> list[str]:
    """A start whose scopes live in a slot of their own; charged before, and taken back if nothing went out."""
    asked = o.brake is not None and foreign[0] == ""
    judged, charged = judge(link, o.brake, now) if o.brake and asked else ("", Charged())
    answer = _start(link, keys, o, now, rules, foreign, judged=judged)
    if o.brake and charged.tab and answer[0] != "done":
        refund(link, o.brake, charged)
    return answer


def _start(
    link: Link,
    keys: SubjectKeys,
    o: Opening,
    now: str,
    rules: Sequence[Rule],
    foreign: Sequence[Arg],
    *,
    judged: str = "",
    idem: str = "",
) -> list[str]:
    brake = o.brake if not foreign[0] else None  # refused already
    here = brake.keys if brake and not judged else ()
    solution = [solved_key(keys.cell, o.solution)] if brake and o.solution else []
    names = [keys.record, keys.failures, keys.outbox, keys.facts, keys.refusals, *(rule.key for rule in rules)]
    names += [*here, *solution, *([idem] if idem else [])]
    args: list[Arg] = [
        *(now, o.operation.id, o.operation.fingerprint, REMEMBER_MS, o.only),
        *(o.id, o.kid, o.digest, o.bound, o.purpose, o.channel, o.shape, o.number_index),
        *(o.ttl_ms, o.max_attempts, o.max_sends, o.resend_after_ms),
        *(o.device, o.hard_lock_after, LOCK_FROM, LOCK_BASE_MS, LOCK_MOST_MS),
        *(FAILURES_KEPT_MS, o.record_kept_ms, min(60_000, o.ttl_ms // 2)),
        *(o.message, o.envelope, o.request, o.price_micros, o.detail, o.more_detail, o.message_detail),
        *foreign,
        *(f",{','.join(o.kids)},", o.lock_detail, o.application),
        *(o.mode if brake else "", judged, o.solution_ms if solution else ""),
        len(rules),
        *flat(rules),
        *(brake.args if brake else ()),
    ]
    answer: list[str] = link.call(SCRIPTS["start"], names, args, durable=True)
    return answer


def _started(answer: list[str]) -> Started:
    body, replayed = answered(answer)
    # What a release before this one remembered has no decision.
    _, id_, new, created, expires, resend_after, sends, left, message, channel, *decision = body
    times = (int(created), int(expires), int(resend_after))
    return Started(id_, new == "1", *times, int(sends), int(left), message, channel, replayed, "".join(decision))


def remembered(link: Link, operation: Operation) -> Started | None:
    """What a start or resend with this Idempotency-Key answered; Refusal idempotency_mismatch if it was another."""
    if not operation.key:
        return None
    fingerprint, answer = link.command("HMGET", idempotency_key(operation.key), "f", "a")
    if fingerprint and fingerprint != operation.fingerprint:
        raise Refused(["refused", "idempotency_mismatch", "0", ""])
    return _started(["replay", answer]) if answer else None


def cancel(link: Link, cells: int, at: Address, id_: str, now: str = "", detail: str = "") -> bool:
    """Cancels a live verification; False where Redis knows none, Refusal not_pending for one that ended otherwise."""
    keys = subject_keys(at, cells)
    answer = link.call(SCRIPTS["cancel"], [keys.record, keys.facts], [now, id_, detail], durable=True)
    if answer[0] == "refused":
        raise Refusal(answer[1], "this verification has ended; start a new one")
    return bool(answer[0] == "done")


def read(link: Link, cells: int, at: Address, now: str = "") -> tuple[int, dict[str, str]]:
    """The store's time in milliseconds, and the record (empty where there is none)."""
    moment, pairs = link.call(SCRIPTS["read"], [subject_keys(at, cells).record], [now])
    return int(moment), dict(zip(pairs[::2], pairs[1::2], strict=True))
