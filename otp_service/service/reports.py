"""Reports on messages: what was sent, what arrived, what it cost, and whose receipts lie."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from otp_service.domain.errors import invalid_field
from otp_service.domain.fraud.scopes import prefix_of_block
from otp_service.domain.lies import Told, out_of_line
from otp_service.ledger.reports import SLOTS_MS, STEPS_MS, By, Counts, Wanted, counted
from otp_service.service.admin.opening import looking, owner
from otp_service.service.core import Core, now_ms

DAY_MS = 86_400_000
USUAL_MS = 7 * DAY_MS
LONGEST_MS = 92 * DAY_MS
LONGEST_BY_MS: Mapping[By, int] = {"minute": DAY_MS, "hour": 31 * DAY_MS, "prefix": 31 * DAY_MS}
MOST_ITEMS = 1000
COMPARED: frozenset[By] = frozenset({"provider", "country", "prefix", "route"})

_ADDED = tuple(field.name for field in fields(Counts) if field.type in ("int", int))


@dataclass(frozen=True, slots=True)
class Item:
    """The figures of one group; money in millionths of a dollar, times as the upper end of the step they fall into."""

    key: str
    messages: int
    accepted: int
    sent: int
    delivered: int
    undelivered: int
    failed: int
    expired: int
    canceled: int
    checked: int  # a code was typed in, right or wrong
    judged: int
    converted: int
    conversion: float | None  # converted of judged
    delivered_unconverted: int  # reported delivered, and nobody typed it in
    suspicious: bool
    cost_micros: int
    cost_per_verified_micros: int | None
    accept_ms_p50: int | None
    accept_ms_p95: int | None
    deliver_ms_p50: int | None
    deliver_ms_p95: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the messages of some time; the most frequent groups come first, times in their order."""

    by: By
    from_ms: int
    to_ms: int
    items: Sequence[Item]
    total: Item


def report(
    core: Core,
    by: By,
    *,
    from_ms: int | None = None,
    to_ms: int | None = None,
    application: str | None = None,
    provider: str | None = None,
    country: str | None = None,
    test: bool = False,
) -> Report:
    """The report on the messages queued in [from_ms, to_ms), the last seven days unless told otherwise.

    An application is given by its id or name. Refusal invalid_field for a span that would take too long.
    """
    now = now_ms()
    until = now if to_ms is None else to_ms
    since = until - USUAL_MS if from_ms is None else from_ms
    _refuse_spans(by, since, until)
    with looking(core) as connection:
        theirs = None if application is None else owner(connection, application).id
        found = counted(connection, Wanted(by, since, until, now, theirs, provider, country, test))
    return Report(by, since, until, _items(by, found), _item("", found, suspicious=False))


def _refuse_spans(by: By, since: int, until: int) -> None:
    longest = LONGEST_BY_MS.get(by, LONGEST_MS)
    if since >= until:
        raise invalid_field("from", "must be before to_time")
    if until - since > longest:
        raise invalid_field("from", f"may be at most {longest // DAY_MS} days before to_time")


def _items(by: By, found: Iterable[Counts]) -> list[Item]:
    groups: dict[str, list[Counts]] = defaultdict(list)
    for one in found:
        groups[prefix_of_block(one.key) if by == "prefix" else one.key].append(one)
    low = out_of_line(_told(groups)) if by in COMPARED else set()
    items = [_item(key, theirs, suspicious=key in low) for key, theirs in groups.items()]
    if by in SLOTS_MS:
        return sorted(items, key=lambda item: int(item.key))
    return sorted(items, key=lambda item: (-item.messages, item.key))[:MOST_ITEMS]


def _told(groups: dict[str, list[Counts]]) -> list[Told]:
    sums: Counter[tuple[str, str, str]] = Counter()
    for key, theirs in groups.items():
        for one in theirs:
            sums[key, one.stratum, "delivered"] += one.delivered_judged
            sums[key, one.stratum, "converted"] += one.delivered_converted
    pairs = {(key, stratum) for key, stratum, _ in sums}
    return [Told(*pair, sums[*pair, "delivered"], sums[*pair, "converted"]) for pair in sorted(pairs)]


def _item(key: str, theirs: Sequence[Counts], *, suspicious: bool) -> Item:
    sums = {name: sum(getattr(one, name) for one in theirs) for name in _ADDED}
    delivered_unconverted = sums.pop("delivered_judged") - sums.pop("delivered_converted")
    judged, converted, cost = sums["judged"], sums["converted"], sums["cost_micros"]
    accept, deliver = (_steps(theirs, name) for name in ("accept_step", "deliver_step"))
    return Item(
        key=key,
        **sums,
        conversion=round(converted / judged, 4) if judged else None,
        delivered_unconverted=delivered_unconverted,
        suspicious=suspicious,
        cost_per_verified_micros=round(cost / converted) if converted else None,
        accept_ms_p50=_quantile(accept, 0.5),
        accept_ms_p95=_quantile(accept, 0.95),
        deliver_ms_p50=_quantile(deliver, 0.5),
        deliver_ms_p95=_quantile(deliver, 0.95),
    )


def _steps(theirs: Iterable[Counts], name: str) -> Counter[int]:
    steps: Counter[int] = Counter()
    for one in theirs:
        step = getattr(one, name)
        if step is not None:
            steps[step] += one.messages
    return steps


def _quantile(steps: Counter[int], share: float) -> int | None:
    """The upper end of the step that this share of all times stays within; None beyond the last, or without any."""
    needed = share * steps.total()
    for step, most in enumerate(STEPS_MS):
        needed -= steps[step]
        if needed <= 0 and steps.total():
            return most
    return None
