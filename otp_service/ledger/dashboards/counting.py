"""Messages counted by slots of time, application, provider, country, block or reason, in one walk through an index.

Every panel asks for what it draws and no more: the fewer groups, the quicker. A message is one request for a code, or
one resend, or one text of its own; what became of its code is read from its verification.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, case, cast, false, func, literal, not_, or_, select
from sqlalchemy.sql.selectable import Subquery

from otp_service.ledger.rows import ENDED_VERIFICATION
from otp_service.ledger.schema import messages, people, verifications

Dimension = Literal["slot", "application", "provider", "country", "block"]
Condition = ColumnElement[bool]
_SENT, _DELIVERED, _CHECKED, _APPROVED, _TOLD, _CONVERTED, _OVER, _FAILED = (1 << place for place in range(8))


@dataclass(frozen=True, slots=True)
class Span:
    """Messages queued in [from_ms, to_ms), in slots of `slot_ms`; of one application, provider or country alone."""

    from_ms: int
    to_ms: int
    slot_ms: int
    now_ms: int
    application: str | None = None
    provider: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """The messages of one group; `judged` are those of which it is known by now whether they converted."""

    requested: int = 0
    sent: int = 0
    delivered: int = 0
    checked: int = 0
    approved: int = 0
    judged: int = 0
    failed: int = 0
    cost_micros: int = 0

    @property
    def conversion(self) -> float | None:
        """Converted of judged; None while nothing is known."""
        return self.approved / self.judged if self.judged else None

    @property
    def cost_per_verified_micros(self) -> int | None:
        """What one verified person costs."""
        return round(self.cost_micros / self.approved) if self.approved else None

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(getattr(self, name) + getattr(other, name) for name in Tally.__slots__))


Key = tuple[Any, ...]


def counted(connection: Connection, span: Span, by: Sequence[Dimension]) -> dict[Key, Tally]:
    """The figures of every group by its key, which has one value per dimension; a slot is when it begins."""
    one = _messages(span, by)
    keys = [one.c[name] for name in by]
    cost = cast(func.coalesce(func.sum(one.c.cost_micros), 0), BigInteger)
    found = select(*keys, one.c.kind, func.count(), cost).group_by(*keys, one.c.kind)
    return folded((tuple(key), _tally(kind, count, int(cost))) for *key, kind, count, cost in connection.execute(found))


def is_empty(connection: Connection) -> bool:
    """Whether nobody has ever asked for anything."""
    return connection.execute(select(messages.c.id).limit(1)).first() is None


def folded(tallies: Iterable[tuple[Key, Tally]]) -> dict[Key, Tally]:
    """The same, with groups of one key added up."""
    sums: dict[Key, list[int]] = {}
    for key, tally in tallies:
        sums.setdefault(key, [0] * len(Tally.__slots__))
        for place, name in enumerate(Tally.__slots__):
            sums[key][place] += getattr(tally, name)
    return {key: Tally(*found) for key, found in sums.items()}


def _messages(span: Span, by: Sequence[Dimension]) -> Subquery:
    """Every message of the time, with what it counts for in one number: what is dear is asked once of each."""
    tables = messages.outerjoin(verifications, verifications.c.id == messages.c.verification_id)
    if "block" in by:
        tables = tables.outerjoin(people, people.c.person_id == messages.c.person_id)
    kind: Any = sum((bit(condition, value) for value, condition in _bits(span.now_ms).items()), literal(0))
    keys = (_dimension(one, span).label(one) for one in by)
    rows = select(*keys, kind.label("kind"), messages.c.cost_micros).select_from(tables)
    return rows.where(*_conditions(span)).subquery()


def _dimension(one: Dimension, span: Span) -> ColumnElement[Any]:
    match one:
        case "slot":
            return messages.c.queued_at - (messages.c.queued_at - span.from_ms) % span.slot_ms
        case "application":
            return func.coalesce(messages.c.application_id, "")
        case "block":
            return func.coalesce(people.c.block, "")
        case _:
            return func.coalesce(messages.c[one], "")


def _bits(now_ms: int) -> dict[int, Condition]:
    """What is asked of each message; a receipt may say `delivered` before anybody has said `accepted`."""
    is_delivered = messages.c.status == "delivered"
    approved = verifications.c.status == "approved"
    return {
        _SENT: or_(messages.c.accepted_at.is_not(None), is_delivered),
        _DELIVERED: is_delivered,
        _CHECKED: is_checked(),
        _APPROVED: approved,
        _TOLD: messages.c.outcome.is_not(None),
        _CONVERTED: messages.c.outcome == "converted",
        _OVER: is_over(now_ms),
        _FAILED: messages.c.status.in_(("undelivered", "failed", "expired")),
    }


def _tally(kind: int, count: int, cost_micros: int) -> Tally:
    """So many messages of one kind, as figures; of a code that was sent again the last message was the one typed in."""
    told, checked = bool(kind & _TOLD), bool(kind & _CHECKED)
    approved = bool(kind & _CONVERTED) or (checked and bool(kind & _APPROVED))
    return Tally(
        requested=count,
        sent=count * bool(kind & _SENT),
        delivered=count * bool(kind & _DELIVERED),
        checked=count * (checked or told),
        approved=count * approved,
        judged=count * (approved or told or bool(kind & _SENT and kind & _OVER)),
        failed=count * bool(kind & _FAILED),
        cost_micros=cost_micros,
    )


def _conditions(span: Span) -> list[Condition]:
    told: list[Condition | None] = [
        messages.c.queued_at >= span.from_ms,
        messages.c.queued_at < span.to_ms,
        func.coalesce(messages.c.test, verifications.c.test, false()) == false(),
        None if span.application is None else messages.c.application_id == span.application,
        None if span.provider is None else messages.c.provider == span.provider,
        None if span.country is None else messages.c.country == span.country,
    ]
    return [each for each in told if each is not None]


def is_checked() -> Condition:
    """Somebody typed a code in, right or wrong."""
    return and_(or_(verifications.c.used > 0, verifications.c.status == "approved"), is_last())


def is_last() -> Condition:
    """A code that was typed in counts for the last message that carried it: the one before it may never have come."""
    later = messages.alias("later")
    resent = select(1).where(later.c.verification_id == messages.c.verification_id)
    return or_(verifications.c.sends == 1, not_(resent.where(later.c.queued_at > messages.c.queued_at).exists()))


def is_over(now_ms: int) -> Condition:
    """Nobody can type the code in any more."""
    return or_(verifications.c.status.in_(sorted(ENDED_VERIFICATION)), verifications.c.expires_at <= now_ms)


def bit(condition: Condition, value: int) -> ColumnElement[int]:
    """This bit for rows of which it is so."""
    return case((condition, value), else_=0)
