"""Read, cancel and resend one verification by its id."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from otp_service.domain.errors import Refusal
from otp_service.domain.ids import Address, read_verification_id
from otp_service.domain.policy import Policy
from otp_service.domain.requests import Client, ResendRequest, StartRequest
from otp_service.service.callers import Caller
from otp_service.service.check import nothing_there
from otp_service.service.core import Core
from otp_service.service.history import MessageState, Past, past, reason_of
from otp_service.service.sealed import envelope_of, number_of
from otp_service.service.start import start
from otp_service.store import verifications as store
from otp_service.store.operation import Operation

Record = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """A verification at a moment of the store's clock; `shape` and `asked` only of a live one, such as digits:6."""

    past: Past
    now_ms: int
    shape: str = ""
    asked: Mapping[str, Any] = field(default_factory=dict)  # for what user and binding, among others


def get(core: Core, caller: Caller, id_: str) -> Past:
    """The verification of this id: as the store knows it, else as the ledger does."""
    return seen(core, caller, id_).past


def seen(core: Core, caller: Caller, id_: str) -> Seen:
    """The same, with what the store alone knows of a live one."""
    at = _address(core, caller, id_)
    now, record = store.read(core.link, core.cells, at)
    found = _from_record(core, caller, record, id_, now) or past(core, caller, id_)
    if found is None:
        nothing_there()
    found = _as_retained(found, now, caller.application.policy)
    if found.status != "pending" or record.get("id") != id_:
        return Seen(found, now)
    return Seen(found, now, record["sh"], envelope_of(core, record["env"], record["mid"]) or {})


def _as_retained(found: Past, now: int, policy: Policy) -> Past:
    """Without its number, once it ended longer ago than the policy keeps numbers."""
    kept = found.ended_ms is None or now < found.ended_ms + policy.retain_number_s * 1000
    return found if kept else replace(found, to=None)


def cancel(core: Core, caller: Caller, id_: str, request_id: str) -> Past:
    """Cancels the verification: its code will never be right again."""
    detail = f'{{"request":"{request_id}"}}'
    if not store.cancel(core.link, core.cells, _address(core, caller, id_), id_, detail=detail):
        known = past(core, caller, id_)
        if known is None:
            nothing_there()
        if known.status != "canceled":
            raise Refusal("not_pending", "this verification has ended; start a new one")
        return known
    return get(core, caller, id_)


def resend(
    core: Core, caller: Caller, id_: str, wanted: ResendRequest, operation: Operation, request_id: str
) -> tuple[store.Started, str, str]:
    """Sends the code of a live verification again, as its start asked for it."""
    _, record = store.read(core.link, core.cells, _address(core, caller, id_))
    if record.get("id") != id_:
        return _heard(core, caller, id_, record, operation)
    envelope = envelope_of(core, record["env"], record["mid"])
    if envelope is None:
        raise Refusal("unavailable", "the key that sealed this verification is not in the key ring", retry_after_s=5)
    request = StartRequest.model_construct(
        to=envelope["to"],
        channel=wanted.channel or "sms",
        purpose=record["pur"],
        locale=envelope["locale"],
        template=envelope["named"],
        variables=envelope["variables"],
        code=envelope["code"],
        user=envelope["user"],
        binding=envelope["binding"],
        client=Client.model_construct(ip=envelope["ip"], user_agent=None, device_id=envelope["device"]),
        metadata=envelope["metadata"],
        challenge=wanted.challenge,
    )
    started, to = start(core, caller, request, operation, request_id, only=id_)
    return started, to, request.purpose


def _heard(
    core: Core, caller: Caller, id_: str, record: Record, operation: Operation
) -> tuple[store.Started, str, str]:
    """What this very resend heard before another verification took the place of this one; otherwise it has ended."""
    started = store.remembered(core.link, operation)
    to = number_of(core, record["env"], record["mid"]) if started else None
    if started is None or to is None:
        get(core, caller, id_)  # the 404 of an unknown one
        raise Refusal("not_pending", "this verification has ended; start a new one")
    return started, to, record["pur"]


def _address(core: Core, caller: Caller, id_: str) -> Address:
    at = read_verification_id(core.index_key, caller.realm, id_)
    if at is None:
        nothing_there()
    return at


def _from_record(core: Core, caller: Caller, record: Record, id_: str, now: int) -> Past | None:
    if not record.get("id"):
        return None
    envelope = envelope_of(core, record["env"], record["mid"]) or {}
    if record["id"] == id_:
        return _live(record, envelope, now, caller.application.policy.resend_after_s * 1000)
    for entry in json.loads(record.get("ended", "[]")):
        if entry[0] == id_:
            return _with_ledger(core, caller, _ended(record, envelope, entry))
    return None


def _live(record: Record, envelope: Mapping[str, object], now: int, resend_after_ms: int) -> Past:
    expired = record["st"] == "pending" and now >= int(record["exp"])
    status = "expired" if expired else record["st"]
    sends = _sends(record, record["id"])
    return Past(
        id=record["id"],
        status=status,
        to=_text(envelope.get("to")),
        purpose=record["pur"],
        channel=record["ch"],
        created_ms=int(record["cr"]),
        expires_ms=int(record["exp"]),
        sends=int(record["snd"]),
        attempts_left=int(record["max"]) - int(record["used"]) if status == "pending" else 0,
        message=record["mid"],
        resend_after_ms=int(sends[-1][1]) + resend_after_ms if status == "pending" and sends else None,
        approved_ms=int(record["aat"]) if status == "approved" else None,
        ended_ms=_ended_ms(record, status),
        reason=reason_of(status),
        metadata=_mapping(envelope.get("metadata")),
        messages=tuple(_state(record, send) for send in sends),
    )


def _ended_ms(record: Record, status: str) -> int | None:
    at = record.get("aat") or record.get("eat") or (record["exp"] if status == "expired" else None)
    return int(at) if at else None


def _ended(record: Record, envelope: Mapping[str, object], entry: list[str]) -> Past:
    id_, status, at, _, created, expires, sends, _, _ = entry
    return Past(
        *(
            id_,
            status,
            _text(envelope.get("to")),
            record["pur"],
            record["ch"],
            int(created),
            int(expires),
            int(sends),
            0,
        ),
        approved_ms=int(at) if status == "approved" else None,
        ended_ms=int(at),
        reason=reason_of(status),
        messages=tuple(_state(record, send) for send in _sends(record, id_)),
    )


def _with_ledger(core: Core, caller: Caller, ended: Past) -> Past:
    """The ledger adds what a superseded verification's record no longer holds, if it has it by now and can be asked."""
    try:
        known = past(core, caller, ended.id)
    except Refusal:
        return ended
    if known is None:
        return ended
    messages = known.messages if len(known.messages) >= len(ended.messages) else ended.messages
    return replace(ended, metadata=known.metadata, messages=messages, message=known.message)


def _sends(record: Record, id_: str) -> list[list[str]]:
    return [send for send in reversed(json.loads(record.get("sends", "[]"))) if send[2] == id_]


def _state(record: Record, send: list[str]) -> MessageState:
    known = record.get(f"m:{send[8]}")
    if not known:
        return MessageState(send[8], int(send[1]))
    _, status, provider, reason, at = known.split("|")
    return MessageState(send[8], int(send[1]), status, provider or None, reason or None, int(at))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
