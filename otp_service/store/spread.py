"""One start or check over several slots of a Redis Cluster: claim, reserve, act, hand back or remember."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from redis.crc import key_slot

from otp_service.domain.errors import Refusal
from otp_service.store.keys import MessageKeys, SubjectKeys, idempotency_key
from otp_service.store.limits import Rule, flat
from otp_service.store.link import Arg, Link
from otp_service.store.operation import Operation
from otp_service.store.scripts import SCRIPTS

CLAIM_MS = 10_000
REMEMBER_MS = 86_400_000
REFUSED_PLAIN = 4  # parts of a refusal that has no reference
NOTHING_FOREIGN: tuple[Arg, ...] = ("", 0, "", "")  # refusal: code, wait, name; alarms


@dataclass(frozen=True, slots=True)
class Reservation:
    """What one slot has reserved, and the marks by which it can be handed back."""

    rules: Sequence[Rule]
    marks: Sequence[str]


def plan(own: str, rules: Sequence[Rule]) -> tuple[list[Rule], list[list[Rule]]]:
    """The rules in the slot of the key `own`, and the others grouped by slot."""
    home = key_slot(own.encode())
    groups: dict[int, list[Rule]] = {}
    for rule in rules:
        groups.setdefault(key_slot(rule.key.encode()), []).append(rule)
    return groups.pop(home, []), list(groups.values())


def start(
    link: Link,
    keys: SubjectKeys | MessageKeys,
    operation: Operation,
    rules: Sequence[Rule],
    act: Callable[[Sequence[Rule], Sequence[Arg]], list[str]],
) -> list[str]:
    """One start, or one message, whose limits live in several slots; a crash may over-count, never under-count."""
    claimed = _claim(link, operation)
    if claimed:
        return claimed
    local, groups = plan(keys.record, rules)
    reserved: list[Reservation] = []
    try:
        refusal = _reserve(link, groups, reserved)
    except Refusal:
        _hand_back(link, reserved)  # no message was queued yet
        _conclude(link, operation, None)
        raise
    try:
        answer = act(local, [*refusal[1:4], ""] if refusal else ["", 0, "", _alarms(reserved)])
    except Refusal:
        # Outcome unknown: what was reserved may belong to a message that is on its way. Keep it, drop the claim.
        _conclude(link, operation, None)
        raise
    if answer[0] != "done":  # refused, or known from an earlier call: this call's reservation is not needed
        _hand_back(link, reserved)
    if answer[0] == "refused":
        answer = [*answer, *([""] if len(answer) == REFUSED_PLAIN else []), *_application(link, groups)]
    _conclude(link, operation, answer if answer[0] in ("done", "known") else None)
    return answer


def check(link: Link, operation: Operation, act: Callable[[], list[str]]) -> list[str]:
    """A check whose idempotency key lives in another slot."""
    claimed = _claim(link, operation)
    if claimed:
        return claimed
    try:
        answer = act()
    except Refusal:
        _conclude(link, operation, None)
        raise
    _conclude(link, operation, answer if answer[0] == "done" else None)
    return answer


def _claim(link: Link, operation: Operation) -> list[str] | None:
    if not operation.key:
        return None
    args: list[Arg] = [operation.fingerprint, operation.token, CLAIM_MS]
    answer: list[str] = link.call(SCRIPTS["claim"], [idempotency_key(operation.key)], args)
    return None if answer[0] == "done" else answer


def _conclude(link: Link, operation: Operation, answer: list[str] | None) -> None:
    if not operation.key:
        return
    args: list[Arg] = [operation.token, json.dumps(answer) if answer else "", REMEMBER_MS]
    # What has happened has happened: an answer that can't be remembered is still the answer. The claim ends by itself.
    with suppress(Refusal):
        link.call(SCRIPTS["conclude"], [idempotency_key(operation.key)], args)


def _reserve(link: Link, groups: Sequence[Sequence[Rule]], reserved: list[Reservation]) -> list[str] | None:
    """Reserves group by group into `reserved`; the first refusal, with the longest wait of all groups."""
    refusal: list[str] | None = None
    for rules in groups:
        if refusal:
            refusal[2] = str(max(int(refusal[2]), *(int(wait) for wait in _peek(link, rules)[1::2])))
            continue
        # Sent once: a repeat would reserve twice.
        answer = link.once(SCRIPTS["reserve"], [rule.key for rule in rules], ["", len(rules), *flat(rules)])
        if answer[0] == "refused":
            refusal = answer
        else:
            reserved.append(Reservation(rules, answer[1:]))
    return refusal


def _alarms(reserved: Sequence[Reservation]) -> str:
    """The ceilings that were brought to a share of their amount, as lua/limits.lua reads them."""
    marked = (
        (rule, mark.split("!")[1:]) for part in reserved for rule, mark in zip(part.rules, part.marks, strict=True)
    )
    return "\n".join(f"{rule.name} {alarm[0]} {rule.amount} {rule.key}" for rule, alarm in marked if alarm)


def _hand_back(link: Link, reserved: Sequence[Reservation]) -> None:
    for part in reserved:
        args = [len(part.rules), *flat(part.rules), *part.marks]
        # Sent once: a repeat would hand back another's. Where it fails, a limit counts one too many.
        with suppress(Refusal):
            link.once(SCRIPTS["hand_back"], [rule.key for rule in part.rules], args)


def _application(link: Link, groups: Sequence[Sequence[Rule]]) -> list[str]:
    """The application's own figures (amount, period ms, left), which a refusal tells; empty if they can't be had."""
    own = [rule for rules in groups for rule in rules if rule.name == "application"]
    if own:
        with suppress(Refusal):
            lefts = _peek(link, own)[::2]
            return [part for rule, left in zip(own, lefts, strict=True) for part in _figures(rule, left)]
    return []


def _figures(rule: Rule, left: str) -> tuple[str, str, str]:
    return str(rule.amount), str(rule.period_ms), left


def _peek(link: Link, rules: Sequence[Rule]) -> list[str]:
    """Left and wait ms of each, changing nothing; their keys share a slot."""
    answer: list[str] = link.call(SCRIPTS["peek"], [rule.key for rule in rules], ["", len(rules), *flat(rules)])
    return answer
