"""What happens now: the funnel of codes, who is refused, what was told last, and what needs a person."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from otp_service.ledger.dashboards import counting, news
from otp_service.ledger.dashboards.counting import Span, Tally
from otp_service.ledger.dashboards.news import News
from otp_service.service.admin.opening import looking
from otp_service.service.console.kept import Kept
from otp_service.service.console.refused import Key, Refusals
from otp_service.service.console.spans import DAY_MS, Range
from otp_service.service.core import Core, now_ms

TAIL = 40
TAIL_FRESH_S = 2
MOST_ALARMS = 1000
LONGER_FRESH = 10  # the period before is over: its figures hardly move
ENFORCED, SHADOW = "enforce", "shadow"


@dataclass(frozen=True, slots=True)
class Funnel:
    """The codes of some time by slot, and of as much time before."""

    span: Span
    slots: Sequence[tuple[int, Tally]]
    total: Tally
    before: Tally


@dataclass(frozen=True, slots=True)
class Refused:
    """How many were refused in some time, by code and by slot; `shadow` were let pass, `before` is None if unknown."""

    codes: Sequence[tuple[str, int]]
    slots: Sequence[int]
    total: int
    shadow: int
    before: int | None


@dataclass
class Watch:
    """What one process keeps for all who look on."""

    kept: Kept = field(default_factory=Kept)
    refusals: Refusals = field(default_factory=Refusals)
    alarms: list[News] = field(default_factory=list)
    alarms_to: int | None = None


def funnel(core: Core, watch: Watch, over: Range, application: str | None = None) -> Funnel:
    """The funnel of this time; Refusal unavailable while SQL is down."""
    span = over.span(application)
    found = _counted(core, watch, ("funnel", over.name, application), over.fresh_s, span)
    earlier = _counted(
        core, watch, ("before", over.name, application), over.fresh_s * LONGER_FRESH, over.before(application)
    )
    kept_span, by_slot = found
    places = range(kept_span.from_ms, kept_span.to_ms, kept_span.slot_ms)
    slots = [(at, by_slot.get((at,), Tally())) for at in places]
    return Funnel(kept_span, slots, _sum(by_slot.values()), _sum(earlier[1].values()))


def refused(core: Core, watch: Watch, over: Range, application: str | None = None) -> Refused:
    """Who was refused in this time, as far as the log goes back: a day; Refusal unavailable while Redis is down."""
    watch.kept.get("refusals", TAIL_FRESH_S, lambda: watch.refusals.look(core))
    span = over.span()
    own, log = _of(application), watch.refusals
    counts = log.count(span.from_ms, own)
    codes: Counter[str] = Counter()
    for (code, _, _, mode), count in counts.items():
        codes[code] += count if mode != SHADOW else 0
    slots = log.by_slot(span.from_ms, span.slot_ms, lambda key: own(key) and key[3] != SHADOW)
    total = codes.total()
    return Refused(
        [(code, count) for code, count in codes.most_common() if count],
        [slots[at] for at in range(span.from_ms, span.to_ms, span.slot_ms)],
        total,
        sum(count for key, count in counts.items() if key[3] == SHADOW),
        _refused_before(log, over, span, application, total),
    )


def tail(core: Core, watch: Watch, application: str | None = None) -> list[News]:
    """The last events, newest first; test keys' too."""

    def ask() -> list[News]:
        with looking(core) as connection:
            return news.latest(connection, TAIL, application=application)

    return watch.kept.get(("tail", application), TAIL_FRESH_S, ask)


def alarms(core: Core, watch: Watch) -> list[News]:
    """The alarms of the last day, newest first; each event is looked at once."""
    watch.kept.get("alarms", TAIL_FRESH_S, lambda: _look_for_alarms(core, watch))
    since = now_ms() - DAY_MS
    return [each for each in watch.alarms if each.at >= since]


def is_untouched(core: Core) -> bool:
    """Whether nobody has ever asked for anything."""
    with looking(core) as connection:
        return counting.is_empty(connection)


def _counted(
    core: Core, watch: Watch, key: tuple[str | None, ...], fresh_s: float, span: Span
) -> tuple[Span, dict[counting.Key, Tally]]:
    def ask() -> tuple[Span, dict[counting.Key, Tally]]:
        with looking(core) as connection:
            return span, counting.counted(connection, span, ("slot",))

    return watch.kept.get(key, fresh_s, ask)


def _look_for_alarms(core: Core, watch: Watch) -> None:
    with looking(core) as connection:
        found, watch.alarms_to = news.alarms(connection, watch.alarms_to, MOST_ALARMS)
    watch.alarms = [*found, *watch.alarms][:MOST_ALARMS]


def _refused_before(log: Refusals, over: Range, span: Span, application: str | None, total: int) -> int | None:
    """How many were refused in the time before; None where the log does not reach back that far."""
    if 2 * over.length_ms > DAY_MS:
        return None
    own = _of(application)
    both = log.count(span.from_ms - over.length_ms, lambda key: own(key) and key[3] != SHADOW)
    return both.total() - total


def _of(application: str | None) -> Callable[[Key], bool]:
    def wanted(key: Key) -> bool:
        return application is None or key[1] == application

    return wanted


def _sum(tallies: Iterable[Tally]) -> Tally:
    return sum(tallies, Tally())
