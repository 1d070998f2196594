"""One message with every try and every report, as far as the store and the ledger know it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from otp_service.domain.errors import Refusal
from otp_service.domain.ids import message_place
from otp_service.domain.messages import RANKS
from otp_service.domain.policy import Policy
from otp_service.ledger.tracking import AttemptRow, ReceiptRow, TrackedRow, tracked
from otp_service.service.admin.opening import looking
from otp_service.service.callers import Caller
from otp_service.service.core import Core
from otp_service.service.sealed import envelope_of, number_in_ledger
from otp_service.store import receipts as store
from otp_service.store.receipts import Sent

CODE = "code"
OWN_SCOPES = frozenset({"messages", "reports"})
CODE_SCOPES = frozenset({"verifications:start", "verifications:check", "reports"})
SCOPES = tuple(sorted(OWN_SCOPES | CODE_SCOPES))
Record = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Tracked:
    """One message; times in milliseconds, money in millionths of a dollar."""

    id: str
    status: str
    message_class: str
    queued_ms: int
    reason: str | None = None
    provider: str | None = None
    verification: str | None = None
    to: str | None = None
    channel: str = "sms"
    country: str | None = None
    encoding: str | None = None
    segments: int | None = None
    template: str | None = None
    locale: str | None = None
    reference: str | None = None
    outcome: str | None = None
    price_micros: int | None = None
    cost_micros: int | None = None
    send_ms: int | None = None
    deadline_ms: int | None = None
    accepted_ms: int | None = None
    sent_ms: int | None = None
    ended_ms: int | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    attempts: tuple[AttemptRow, ...] = ()
    receipts: tuple[ReceiptRow, ...] = ()


def track(core: Core, caller: Caller, id_: str) -> Tracked:
    """The message of this id; Refusal not_found for an unknown one, another's, or a kind that the caller can't read."""
    found = _own(core, caller, id_) if message_place(id_) is not None else _of_code(core, caller, id_)
    scopes = CODE_SCOPES if found and found.message_class == CODE else OWN_SCOPES
    if found is None or not scopes & caller.scopes:
        raise Refusal("not_found", "there is no such message")
    return found


def hint(core: Core, provider: str, raw: str | None) -> str | None:
    """What a provider's own word means, for people."""
    known = core.providers.get(provider)
    return known.hint(raw) if known else None


def _own(core: Core, caller: Caller, id_: str) -> Tracked | None:
    now, record = store.state(core.link, core.cells, Sent(id_, ""))
    if record.get("re") != caller.realm:
        row = _row(core, caller, id_) if not record else None
        return _as_retained(from_row(core, row), now, caller.application.policy) if row else None
    live = _from_record(core, record, id_, now)
    try:
        row = _row(core, caller, id_)
    except Refusal:
        row = None
    return _as_retained(_newest(from_row(core, row), live) if row else live, now, caller.application.policy)


def _of_code(core: Core, caller: Caller, id_: str) -> Tracked | None:
    row = _row(core, caller, id_)
    if row is None or not row.verification_id:
        return None
    found = from_row(core, row)
    now, record = store.state(core.link, core.cells, Sent(id_, row.verification_id))
    told = record.get(f"m:{id_}")
    return _as_retained(_moved(found, told) if told else found, now, caller.application.policy)


def _row(core: Core, caller: Caller, id_: str) -> TrackedRow | None:
    """The ledger's row, if it is of this caller's realm."""
    with looking(core) as connection:
        row = tracked(connection, caller.application.id, id_)
    return row if row and row.test == caller.test else None


def from_row(core: Core, row: TrackedRow) -> Tracked:
    """A message as the ledger knows it."""
    person = row.person
    return Tracked(
        id=row.id,
        status=row.status,
        message_class=row.message_class or CODE,
        queued_ms=row.queued_at,
        to=number_in_ledger(core, person.to_sealed, person.number_index) if person else None,
        verification=row.verification_id,
        channel=row.channel or "sms",
        send_ms=row.send_at,
        deadline_ms=row.deadline_at,
        accepted_ms=row.accepted_at,
        sent_ms=row.sent_at,
        ended_ms=row.ended_at,
        metadata=row.metadata or {},
        attempts=tuple(row.attempts),
        receipts=tuple(row.receipts),
        **_same(row),
    )


def _same(row: TrackedRow) -> dict[str, Any]:
    names = ("reason", "provider", "country", "encoding", "segments", "template", "locale", "reference", "outcome")
    return {name: getattr(row, name) for name in (*names, "price_micros", "cost_micros")}


def _from_record(core: Core, record: Record, id_: str, now: int) -> Tracked:
    envelope = envelope_of(core, record["env"], id_) or {}
    send_ms = int(record["at"]) if record.get("at") else None
    waits = "scheduled" if send_ms is not None and now < send_ms else "queued"
    told = record.get(f"m:{id_}")
    # A provider may have been asked just as it was canceled; then his answer counts.
    canceled = record["st"] == "canceled" and (told is None or int(told.partition("|")[0]) < RANKS["accepted"])
    found = Tracked(
        id=id_,
        status="canceled" if canceled else waits,
        reason="canceled" if canceled else None,
        message_class=record["cl"],
        queued_ms=int(record["cr"]),
        to=envelope.get("to"),
        send_ms=send_ms,
        deadline_ms=int(record["exp"]),
        metadata=envelope.get("metadata") or {},
        **_sealed(envelope),
    )
    return _moved(found, told) if told else found


def _sealed(envelope: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: envelope.get(name)
        for name in ("country", "encoding", "segments", "price_micros", "template", "locale", "reference")
    }


def _newest(kept: Tracked, live: Tracked) -> Tracked:
    """What the ledger knows of a message, with the state that the store knows if that is further on."""
    kept = replace(kept, to=live.to or kept.to, send_ms=live.send_ms, deadline_ms=live.deadline_ms)
    if RANKS[live.status] <= RANKS[kept.status]:
        return kept
    return replace(kept, status=live.status, reason=live.reason, provider=live.provider, ended_ms=live.ended_ms)


def _moved(found: Tracked, told: str) -> Tracked:
    """The message as its state in the store says, `rank|status|provider|reason|at`, if that is further on."""
    rank, status, provider, reason, at = told.split("|")
    if int(rank) <= RANKS[found.status]:
        return found
    ended = int(at) if int(rank) >= RANKS["failed"] else None
    return replace(found, status=status, provider=provider or None, reason=reason or None, ended_ms=ended)


def _as_retained(found: Tracked, now: int, policy: Policy) -> Tracked:
    """Without its number, once it ended longer ago than the policy keeps numbers; many a provider reports no end."""
    over = found.ended_ms or found.sent_ms or found.accepted_ms or found.deadline_ms or found.queued_ms
    return found if now < over + policy.retain_number_s * 1000 else replace(found, to=None)
