"""What providers answered: every try by provider and slot of time, and the errors, by their own words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, false, func, literal, select

from otp_service.ledger.dashboards.counting import Condition, Span
from otp_service.ledger.schema import attempts, messages, receipts, verifications

STEPS_MS = (100, 200, 500, 1000, 2000, 5000)  # of the time that an answer took; and one step for all beyond
_NONE, _ACCEPTED = 15, 16
MOST_ERRORS = 200


@dataclass
class Tried:
    """One provider's tries: by slot how many and how many were accepted, and how many answers took how long."""

    slots: dict[int, tuple[int, int]] = field(default_factory=dict)
    steps: dict[int, int] = field(default_factory=dict)
    accepted_at: int | None = None
    delivered_at: int | None = None

    @property
    def count(self) -> int:
        return sum(tries for tries, _ in self.slots.values())

    @property
    def accepted(self) -> int:
        return sum(accepted for _, accepted in self.slots.values())


@dataclass(frozen=True, slots=True)
class Failed:
    """So many tries or reports of one provider that ended in the same way, in our word and in its own."""

    provider: str
    reason: str
    raw: str | None
    count: int
    last_at: int


def tried(connection: Connection, span: Span) -> dict[str, Tried]:
    """Every provider's tries with the messages of this time, test keys' left out."""
    slot = messages.c.queued_at - (messages.c.queued_at - span.from_ms) % span.slot_ms
    kind = _step(attempts.c.took_ms) + case((attempts.c.verdict == "accepted", _ACCEPTED), else_=0)
    columns = (attempts.c.provider, slot.label("slot"), kind.label("kind"), attempts.c.at.label("at"))
    delivered_at = case((messages.c.status == "delivered", messages.c.ended_at)).label("delivered_at")
    one = _of(span, select(*columns, delivered_at)).subquery()
    keys = (one.c.provider, one.c.slot, one.c.kind)
    found = select(*keys, func.count(), func.max(one.c.at), func.max(one.c.delivered_at)).group_by(*keys)
    told: dict[str, Tried] = {}
    for provider, at, bits, count, last, delivered in connection.execute(found):
        _add(told.setdefault(provider, Tried()), at, bits, count, last, delivered)
    return told


def failed(connection: Connection, span: Span) -> list[Failed]:
    """What went wrong, the most frequent first: refused tries, and reports that a message did not arrive."""
    refused = _of(span, select(attempts.c.provider, attempts.c.reason, attempts.c.raw, attempts.c.at))
    found = _failures(connection, refused.where(attempts.c.verdict != "accepted"))
    words = (receipts.c.provider, receipts.c.reason, receipts.c.raw, receipts.c.at)
    # By the messages that failed, since reports have no index by time.
    ended = messages.c.status.in_(("undelivered", "failed"))
    reported = select(*words).select_from(_live().join(receipts, receipts.c.message_id == messages.c.id))
    bad = receipts.c.status.in_(("undelivered", "failed"))
    found += _failures(connection, reported.where(*_in(span), ended, bad))
    return sorted(found, key=lambda each: (-each.count, each.provider, each.reason))


def _failures(connection: Connection, rows: Select[Any]) -> list[Failed]:
    one = rows.subquery()
    keys = (one.c.provider, func.coalesce(one.c.reason, "unknown").label("reason"), one.c.raw)
    count = func.count().label("count")
    found = select(*keys, count, func.max(one.c.at)).group_by(*keys).order_by(count.desc()).limit(MOST_ERRORS)
    return [Failed(*row) for row in connection.execute(found)]


def _of(span: Span, wanted: Select[Any]) -> Select[Any]:
    # By the time of the messages: an index by that of the tries was measured to save nothing, since each try has to ask
    # its message whose it is and whether a test key sent it.
    tables = _live().join(attempts, attempts.c.message_id == messages.c.id)
    return wanted.select_from(tables).where(*_in(span))


def _live() -> Any:
    return messages.outerjoin(verifications, verifications.c.id == messages.c.verification_id)


def _in(span: Span) -> Sequence[Condition]:
    told: list[Condition | None] = [
        messages.c.queued_at >= span.from_ms,
        messages.c.queued_at < span.to_ms,
        func.coalesce(messages.c.test, verifications.c.test, false()) == false(),
        None if span.application is None else messages.c.application_id == span.application,
    ]
    return [each for each in told if each is not None]


def _add(told: Tried, slot: int, bits: int, count: int, last: int, delivered: int | None) -> None:
    tries, accepted = told.slots.get(slot, (0, 0))
    is_accepted, step = bool(bits & _ACCEPTED), bits % _ACCEPTED
    told.slots[slot] = (tries + count, accepted + count * is_accepted)
    if step != _NONE:
        told.steps[step] = told.steps.get(step, 0) + count
    if is_accepted:
        told.accepted_at = max(last, told.accepted_at or 0)
        told.delivered_at = max(delivered or 0, told.delivered_at or 0) or None


def _step(took_ms: ColumnElement[Any]) -> ColumnElement[int]:
    steps = [(took_ms <= most, literal(step)) for step, most in enumerate(STEPS_MS)]
    return case((took_ms.is_(None), _NONE), *steps, else_=len(STEPS_MS))
