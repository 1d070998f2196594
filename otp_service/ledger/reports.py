"""Reports: what became of the messages of some time, by provider, country, prefix, route, error, application or time.

One walk through the messages of that time by an index, grouped in the database. Times to accept and to deliver are
grouped by steps, since SQLite has no percentiles.
"""

from collections.abc import Mapping, Sequence
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
    select,
)
from sqlalchemy.sql.selectable import Subquery

from otp_service.ledger.dashboards.counting import Condition, bit, is_checked, is_over
from otp_service.ledger.schema import messages, people, verifications

By = Literal["provider", "country", "prefix", "route", "error", "application", "minute", "hour", "day"]
SLOTS_MS: Mapping[By, int] = {"minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
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

    Of prefixes the key is a block of ten thousand numbers: which prefix it belongs to the database doesn't know.
    `checked` are those whose code was typed in, right or wrong, or whose outcome the caller has told.
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
    checked: int
    judged: int
    converted: int
    delivered_judged: int
    delivered_converted: int
    cost_micros: int


# A message's kind: the steps of its two times, and six bits.
_NONE, _DELIVER = 15, 16
_SENT, _CHECKED, _APPROVED, _CONVERTED, _TOLD, _OVER = (1 << place for place in range(8, 14))
_COUNTRY = func.coalesce(messages.c.country, "")
_PROVIDER = func.coalesce(messages.c.provider, "")
_KEYS: dict[By, ColumnElement[Any]] = {
    "provider": _PROVIDER,
    "country": _COUNTRY,
    "route": _PROVIDER + "/" + _COUNTRY,
    "error": func.coalesce(messages.c.reason, ""),
    "application": func.coalesce(messages.c.application_id, ""),
    "prefix": func.coalesce(people.c.block, ""),
    **{by: cast(messages.c.queued_at - messages.c.queued_at % slot, Text) for by, slot in SLOTS_MS.items()},
}
# Providers are compared within a country, countries within a provider, prefixes within both; of the rest nobody could
# say who lies.
_STRATA: dict[By, ColumnElement[str]] = {
    "provider": _COUNTRY,
    "route": _COUNTRY,
    "country": _PROVIDER,
    "prefix": _PROVIDER + "/" + _COUNTRY,
}


def counted(connection: Connection, wanted: Wanted) -> Sequence[Counts]:
    """The figures of every group, in parts to be added up."""
    one = _messages(wanted)
    groups = [one.c[name] for name in ("key", "stratum", "status", "kind")]
    cost = cast(func.coalesce(func.sum(one.c.cost_micros), 0), BigInteger)
    found = select(*groups, func.count().label("count"), cost.label("cost_micros")).group_by(*groups)
    return [_counts(**row) for row in connection.execute(found).mappings()]


def _messages(wanted: Wanted) -> Subquery:
    """Every message that the report is about, with what it counts for in one number: narrow rows sort fast."""
    tables = messages.outerjoin(verifications, verifications.c.id == messages.c.verification_id)
    if wanted.by == "prefix":
        tables = tables.outerjoin(people, people.c.person_id == messages.c.person_id)
    stratum = _STRATA.get(wanted.by, literal("")).label("stratum")
    key, kind = _KEYS[wanted.by].label("key"), _kind(wanted.now_ms).label("kind")
    rows = select(key, stratum, messages.c.status, messages.c.cost_micros, kind)
    return rows.select_from(tables).where(*_conditions(wanted)).subquery()


def _kind(now_ms: int) -> ColumnElement[int]:
    since = func.coalesce(messages.c.send_at, messages.c.queued_at)
    delivered_at = case((messages.c.status == "delivered", messages.c.ended_at))
    bits = {
        _SENT: messages.c.sent_at.is_not(None),
        _CHECKED: is_checked(),
        _APPROVED: verifications.c.status == "approved",
        _CONVERTED: messages.c.outcome == "converted",
        _TOLD: messages.c.outcome.is_not(None),
        _OVER: and_(messages.c.accepted_at.is_not(None), is_over(now_ms)),
    }
    steps = _step(messages.c.accepted_at - since) + _step(delivered_at - messages.c.accepted_at) * _DELIVER
    return sum((bit(condition, value) for value, condition in bits.items()), steps)


def _counts(key: str, stratum: str, status: str, kind: int, count: int, cost_micros: int) -> Counts:
    """One row of the answer: so many messages of one kind; a code was typed in from the last that carried it."""
    accept, deliver = kind % _DELIVER, kind // _DELIVER % _DELIVER
    is_delivered, was_checked, is_told = status == "delivered", bool(kind & _CHECKED), bool(kind & _TOLD)
    is_converted = bool(kind & _CONVERTED) or (was_checked and bool(kind & _APPROVED))
    is_judged = is_converted or is_told or bool(kind & _OVER)
    return Counts(
        key=key,
        stratum=stratum,
        accept_step=None if accept == _NONE else accept,
        deliver_step=None if deliver == _NONE else deliver,
        messages=count,
        accepted=count * (is_delivered or accept != _NONE),
        sent=count * (is_delivered or bool(kind & _SENT)),
        **{name: count * (status == name) for name in STATUSES},
        checked=count * (was_checked or is_told),
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


def _step(took_ms: ColumnElement[Any]) -> ColumnElement[int]:
    """The number of the step that a time falls into."""
    steps = [(took_ms <= most, step) for step, most in enumerate(STEPS_MS)]
    return case((took_ms.is_(None), _NONE), *steps, else_=len(STEPS_MS))
