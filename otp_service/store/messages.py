"""Messages of their own in Redis: sent, scheduled, moved and canceled, each one script."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from otp_service.domain.errors import Refusal
from otp_service.domain.ids import message_place
from otp_service.store import spread
from otp_service.store.keys import MessageKeys, cell_of_place, idempotency_key, message_keys, reference_key
from otp_service.store.limits import Rule, flat
from otp_service.store.link import Arg, Link
from otp_service.store.operation import Operation
from otp_service.store.refused import Refused
from otp_service.store.scripts import SCRIPTS

REMEMBER_MS = 86_400_000  # answers by Idempotency-Key
KEPT_MS = 86_400_000  # records after their deadline
STREAMS = {"normal": 2, "low": 3}  # a code goes before both
MOST_HOLDERS = 5  # of one reference, one after the other, while one message tries to take it

Record = dict[str, str]


class Sending(NamedTuple):
    """All that the script needs to know to send a message; durations and times in milliseconds."""

    id: str
    operation: Operation
    application: str
    realm: str
    message_class: str
    priority: str
    reference: str  # its digest, "" without one
    send_at_ms: int | None
    valid_ms: int
    envelope: str
    request: str
    price_micros: int
    encoding: str
    segments: int
    detail: str  # who asks for what: of the fact, and of the refusal if it is one
    more_detail: str  # of the fact alone
    rules: Sequence[Rule]


class Queued(NamedTuple):
    """A message that waits to be sent; `send_at_ms` if that is not at once."""

    id: str
    created_ms: int
    send_at_ms: int | None
    expires_ms: int
    encoding: str
    segments: int
    price_micros: int
    replayed: bool = False


def send(link: Link, cells: int, sending: Sending, now: str = "", clustered: bool = False) -> Queued:
    """Queues or schedules the message; Refusal for everything that a rule forbids, which then has changed nothing."""
    keys, operation = _keys(sending.id, cells), sending.operation
    if clustered:
        # The claim may be dropped when an outcome is not known; the cell then still knows the answer.
        idem = f"{keys.cell}:i:{operation.key}" if operation.key else ""
        answer = spread.start(
            *(link, keys, operation, sending.rules),
            lambda local, foreign: _known(sending, _send(link, keys, sending, now, local, foreign, idem)),
        )
    else:
        idem = idempotency_key(operation.key) if operation.key else ""
        answer = _send(link, keys, sending, now, sending.rules, spread.NOTHING_FOREIGN, idem)
    return _queued(answer)


def _send(
    link: Link, keys: MessageKeys, s: Sending, now: str, rules: Sequence[Rule], foreign: Sequence[Arg], idem: str
) -> list[str]:
    """One trip; one more for each message that had the reference before."""
    before = ""
    for _ in range(MOST_HOLDERS):
        answer = _once(link, keys, s, before, now, rules, foreign, idem)
        if answer[0] != "taken":
            return answer
        before = answer[1]
    return ["refused", "conflict", "0", ""]


def _once(
    link: Link,
    keys: MessageKeys,
    s: Sending,
    before: str,
    now: str,
    rules: Sequence[Rule],
    foreign: Sequence[Arg],
    idem: str,
) -> list[str]:
    stream = STREAMS[s.priority]
    names = [keys.record, keys.outboxes[stream - 1], keys.due, keys.held, keys.facts, keys.refusals]
    names += [rule.key for rule in rules]
    names += [reference_key(keys.cell, s.reference)] if s.reference else []
    names += [f"{keys.cell}:m:{before}"] if before else []
    names += [idem] if idem else []
    args: list[Arg] = [
        *(now, s.operation.fingerprint, REMEMBER_MS),
        *(s.id, "" if s.send_at_ms is None else s.send_at_ms, s.valid_ms, KEPT_MS, stream),
        *(s.application, s.realm, s.message_class, s.reference, before, "1" if idem else ""),
        *(s.envelope, s.request, s.price_micros, s.encoding, s.segments, s.detail, s.more_detail),
        *foreign,
        len(rules),
        *flat(rules),
    ]
    answer: list[str] = link.call(SCRIPTS["message_send"], names, args, durable=True)
    return answer


def _known(sending: Sending, answer: list[str]) -> list[str]:
    """An answer that the cell remembered, as the other slots keep it: "done" where this call's own reply was lost."""
    if answer[0] != "replay":
        return answer
    _, id_, *rest = json.loads(answer[1])
    return ["done" if id_ == sending.id else "known", id_, *rest]


def _queued(answer: list[str]) -> Queued:
    if answer[:2] == ["refused", "conflict"]:
        raise Refusal("conflict", "a message with this reference is alive: GET /v1/messages?reference= shows it")
    if answer[0] == "refused":
        raise Refused(answer)
    body = json.loads(answer[1]) if answer[0] == "replay" else answer
    _, id_, created, at, expires, encoding, segments, price = body
    times = (int(created), int(at) if at else None, int(expires))
    return Queued(id_, *times, encoding, int(segments), int(price), answer[0] != "done")


def remembered(link: Link, operation: Operation) -> Queued | None:
    """What a send with this Idempotency-Key answered; Refusal idempotency_mismatch if it was another."""
    if not operation.key:
        return None
    fingerprint, answer = link.command("HMGET", idempotency_key(operation.key), "f", "a")
    if fingerprint and fingerprint != operation.fingerprint:
        raise Refused(["refused", "idempotency_mismatch", "0", ""])
    return _queued(["replay", answer]) if answer else None


def read(link: Link, cells: int, id_: str, now: str = "") -> tuple[int, Record]:
    """The store's time in milliseconds, and the record (empty where there is none)."""
    if message_place(id_) is None:
        return 0, {}
    moment, pairs = link.call(SCRIPTS["read"], [_keys(id_, cells).record], [now])
    return int(moment), _record(pairs)


def named(link: Link, cells: int, place: bytes, reference: str) -> str | None:
    """The id of the message that a reference names; `reference` is its digest and `place` its cell's."""
    found: str | None = link.command("GET", reference_key(cell_of_place(place, cells), reference))
    return found


def move(link: Link, cells: int, id_: str, reference: str, send_at_ms: int, now: str = "") -> tuple[int, Record] | None:
    """Moves a scheduled message; None where Redis knows none, Refusal not_pending for one that waits no more."""
    keys = _keys(id_, cells)
    names = [keys.record, keys.due, keys.held, keys.facts]
    names += [reference_key(keys.cell, reference)] if reference else []
    return _changed(link, "message_move", names, [now, id_, send_at_ms, KEPT_MS])


def cancel(link: Link, cells: int, id_: str, detail: str, now: str = "") -> tuple[int, Record] | None:
    """Cancels a message; None where Redis knows none, Refusal not_pending for one that a provider has or that ended."""
    keys = _keys(id_, cells)
    return _changed(link, "message_cancel", [keys.record, keys.due, keys.held, keys.facts], [now, id_, detail])


def _changed(link: Link, script: str, names: Sequence[str], args: Sequence[Arg]) -> tuple[int, Record] | None:
    answer = link.call(SCRIPTS[script], names, args, durable=True)
    if answer[0] == "refused":
        raise Refusal("not_pending", "it is on its way already, or has ended; its status tells which")
    return (int(answer[1]), _record(answer[2])) if answer[0] == "done" else None


def tell_outcome(link: Link, cell: str, id_: str, outcome: str, record: str = "", now: str = "") -> None:
    """Tells what came of a message of this cell; `record` is its verification's key, if it has one."""
    names = [f"{cell}:facts", f"{cell}:conv", *([record] if record else [])]
    link.call(SCRIPTS["message_outcome"], names, [now, id_, outcome], durable=True)


def cell_of(id_: str, cells: int) -> str:
    """The hash tag of a message of its own."""
    return _keys(id_, cells).cell


def _keys(id_: str, cells: int) -> MessageKeys:
    place = message_place(id_)
    if place is None:
        raise ValueError("only a message of its own has keys")
    return message_keys(place, id_, cells)


def _record(pairs: Sequence[str]) -> Record:
    return dict(zip(pairs[::2], pairs[1::2], strict=True))
