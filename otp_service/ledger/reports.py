"""Reports: what became of the messages of some time, by provider, country, route, error, hour or application.

One walk through the messages of that time by an index, grouped in the database. Times to accept and to deliver are
grouped by steps, since SQLite has no percentiles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    select,
)
from sqlalchemy.sql.selectable import Subquery

from otp_service.ledger.rows import ENDED_VERIFICATION
from otp_service.ledger.schema import messages, verifications

By = Literal["provider", "country", "route", "error", "hour", "application"]
HOUR_MS = 3_600_000
STEPS_MS = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 60_000, 300_000)  # and one step for all beyond
STATUSES = ("delivered", "undelivered", "failed", "expired", "canceled")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages a report is about: queued in [from_ms, to_ms), of this application, provider or country alone."""

    by: By
    from_ms: int
    to_ms: int
    now_ms: int
    application: str | None = None
    provider: str | None = None
    country: str | None = None
    test: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """The messages of one group, stratum and pair of steps; a stratum is with whom the group is compared.

    `judged` are those of which it is known by now whether they converted: a code is typed in or its time is over, or
    the caller has told. `delivered_judged` and `delivered_converted` are those of them that were reported delivered.
    """

    key: str
    stratum: str
    accept_step: int | None
    deliver_step: int | None
    messages: int
    accepted: int
    sent: int
    delivered: int
    undelivered: int
    failed: int
    expired: int
    canceled: int
    judged: int
    converted: int
    delivered_judged: int
    delivered_converted: int
    cost_micros: int


Condition = ColumnElement[bool]
# A message's kind: the steps of its two times, and three bits.
_NONE, _DELIVER = 15, 16
_SENT, _CONVERTED, _TOLD = 256, 512, 1024
_COUNTRY = func.coalesce(messages.c.country, "")
_PROVIDER = func.coalesce(messages.c.provider, "")
_KEYS: dict[By, ColumnElement[Any]] = {
    "provider": _PROVIDER,
    "country": _COUNTRY,
    "route": _PROVIDER + "/" + _COUNTRY,
    "error": func.coalesce(messages.c.reason, ""),
    "hour": cast(messages.c.queued_at - messages.c.queued_at % HOUR_MS, Text),
    "application": func.coalesce(messages.c.application_id, ""),
}
# Providers are compared within a country, countries within a provider; of the rest nobody could say who lies.
_STRATA: dict[By, ColumnElement[str]] = {"provider": _COUNTRY, "route": _COUNTRY, "country": _PROVIDER}


def counted(connection: Connection, wanted: Wanted) -> Sequence[Counts]:
    """The figures of every group, in parts to be added up."""
    one = _messages(wanted)
    groups = [one.c[name] for name in ("key", "stratum", "status", "kind")]
    cost = cast(func.coalesce(func.sum(one.c.cost_micros), 0), BigInteger)
    found = select(*groups, func.count().label("count"), cost.label("cost_micros")).group_by(*groups)
    return [_counts(**row) for row in connection.execute(found).mappings()]


def _messages(wanted: Wanted) -> Subquery:
    """Every message that the report is about, with what it counts for in one number: narrow rows sort fast."""
    is_delivered = messages.c.status == "delivered"
    since = func.coalesce(messages.c.send_at, messages.c.queued_at)
    told = or_(messages.c.outcome.is_not(None), and_(messages.c.accepted_at.is_not(None), _is_over(wanted.now_ms)))
    return (
        select(
            _KEYS[wanted.by].label("key"),
            _STRATA.get(wanted.by, literal("")).label("stratum"),
            messages.c.status,
            messages.c.cost_micros,
            (
                _step(messages.c.accepted_at - since)
                + _step(case((is_delivered, messages.c.ended_at - messages.c.accepted_at))) * _DELIVER
                + _bit(messages.c.sent_at.is_not(None), _SENT)
                + _bit(_converted(), _CONVERTED)
                + _bit(told, _TOLD)
            ).label("kind"),
        )
        .outerjoin(verifications, verifications.c.id == messages.c.verification_id)
        .where(*_conditions(wanted))
        .subquery()
    )


def _counts(key: str, stratum: str, status: str, kind: int, count: int, cost_micros: int) -> Counts:
    """One row of the answer: so many messages of one kind."""
    accept, deliver = kind % _DELIVER, kind // _DELIVER % _DELIVER
    is_delivered, is_converted = status == "delivered", bool(kind & _CONVERTED)
    is_accepted = is_delivered or accept != _NONE
    is_judged = is_converted or bool(kind & _TOLD)
    return Counts(
        key=key,
        stratum=stratum,
        accept_step=None if accept == _NONE else accept,
        deliver_step=None if deliver == _NONE else deliver,
        messages=count,
        accepted=count * is_accepted,
        sent=count * (is_delivered or bool(kind & _SENT)),
        **{name: count * (status == name) for name in STATUSES},
        judged=count * is_judged,
        converted=count * is_converted,
        delivered_judged=count * (is_delivered and is_judged),
        delivered_converted=count * (is_delivered and is_converted),
        cost_micros=cost_micros,
    )


def _conditions(wanted: Wanted) -> list[Condition]:
    told: list[Condition | None] = [
        messages.c.queued_at >= wanted.from_ms,
        messages.c.queued_at < wanted.to_ms,
        func.coalesce(messages.c.test, verifications.c.test, false()) == wanted.test,
        None if wanted.application is None else messages.c.application_id == wanted.application,
        None if wanted.provider is None else messages.c.provider == wanted.provider,
        None if wanted.country is None else messages.c.country == wanted.country,
        messages.c.reason.is_not(None) if wanted.by == "error" else None,
    ]
    return [each for each in told if each is not None]


def _converted() -> Condition:
    """A code that was verified counts for the last message that carried it: the one before it may never have come."""
    later = messages.alias("later")
    resent = select(1).where(later.c.verification_id == messages.c.verification_id)
    is_last = or_(verifications.c.sends == 1, not_(resent.where(later.c.queued_at > messages.c.queued_at).exists()))
    verified = and_(verifications.c.status == "approved", is_last)
    return or_(messages.c.outcome == "converted", verified)


def _is_over(now_ms: int) -> Condition:
    return or_(verifications.c.status.in_(sorted(ENDED_VERIFICATION)), verifications.c.expires_at <= now_ms)


def _step(took_ms: ColumnElement[Any]) -> ColumnElement[int]:
    """The number of the step that a time falls into."""
    steps = [(took_ms <= most, step) for step, most in enumerate(STEPS_MS)]
    return case((took_ms.is_(None), _NONE), *steps, else_=len(STEPS_MS))


def _bit(condition: Condition, bit: int) -> ColumnElement[int]:
    return case((condition, bit), else_=0)
