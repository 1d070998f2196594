"""Money: what codes cost by country, provider and application, what is left of budgets, and the most to lose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from otp_service.domain.countries import country_name
from otp_service.domain.errors import Refusal
from otp_service.ledger.applications import Application
from otp_service.ledger.dashboards import counting
from otp_service.ledger.dashboards.counting import Key, Tally
from otp_service.service.admin.applications import most_an_hour_costs
from otp_service.service.admin.opening import looking
from otp_service.service.admin.subjects import caller_of
from otp_service.service.console.now import LONGER_FRESH, Watch
from otp_service.service.console.spans import RANGES, Range
from otp_service.service.core import Core
from otp_service.service.limits import spend_limits
from otp_service.store.limits import peek

By = Literal["country", "provider", "application"]
BYS: tuple[By, ...] = ("country", "provider", "application")
MARKS = (50, 80, 100)  # per cent of a budget at which an alarm is told
MOST_BUDGETS = 40  # each costs a trip to Redis
COUNTRIES_EACH = 5
BUDGETS_FRESH_S = 5
LEAST_MICROS = 1


@dataclass(frozen=True, slots=True)
class Budget:
    """A ceiling of one application for a day, maybe in one country, and what of it is spent."""

    application: str
    country: str  # empty: of all countries together
    spent_micros: int
    ceiling_micros: int

    @property
    def share(self) -> float:
        """How much of it is gone."""
        return min(1.0, self.spent_micros / self.ceiling_micros) if self.ceiling_micros else 1.0


@dataclass(frozen=True, slots=True)
class Most:
    """The most that any hour can cost an application; None if nothing bounds it."""

    application: str
    micros: int | None
    is_braked: bool  # whether the brake may stop it before


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent in some time: in all, in the time before, by slot and provider, and by each kind of group."""

    slots: Sequence[int]
    by_slot: Mapping[Key, Tally]  # (slot, provider)
    groups: Mapping[By, Mapping[str, Tally]]
    total: Tally
    before: Tally


def spending(core: Core, watch: Watch, over: Range, application: str | None = None) -> Spending:
    """The money of this time; Refusal unavailable while SQL is down."""
    return watch.kept.get(
        ("spending", over.name, application), over.fresh_s, lambda: _ask(core, watch, over, application)
    )


def groups(
    core: Core, watch: Watch, over: Range, by: By, application: str | None = None
) -> list[tuple[str, str, Tally]]:
    """The groups of one kind, the dearest first: key, name for people, figures."""
    found = spending(core, watch, over, application).groups[by]
    named = [(key, name_of(core, by, key), tally) for key, tally in found.items()]
    return sorted(named, key=lambda each: (-each[2].cost_micros, each[1]))


def of_slot(found: Spending, at: int) -> Tally:
    """The figures of one slot, of all providers."""
    return sum((tally for (slot, _), tally in found.by_slot.items() if slot == at), Tally())


def name_of(core: Core, by: By, key: str) -> str:
    """What people call a group."""
    if by == "application":
        found = core.snapshot().applications.get(key)
        return found.name if found else key
    return (country_name(key) if by == "country" else key) or "none yet"


def budgets(core: Core, watch: Watch, application: str | None = None) -> list[Budget]:
    """Every budget of a day, and those of the dearest countries; Refusal unavailable while Redis is down."""
    return watch.kept.get(("budgets", application), BUDGETS_FRESH_S, lambda: _budgets(core, watch, application))


def most_per_hour(core: Core, application: str | None = None) -> list[Most]:
    """The most that an hour can cost, by application."""
    return [
        Most(each.name, most_an_hour_costs(core, each), each.policy.fraud == "enforce")
        for each in _owners(core, application)
    ]


def _ask(core: Core, watch: Watch, over: Range, application: str | None) -> Spending:
    span = over.span(application)
    with looking(core) as connection:
        found = counting.counted(connection, span, ("slot", "application", "provider", "country"))
    before = watch.kept.get(
        ("spent before", over.name, application), over.fresh_s * LONGER_FRESH, lambda: _before(core, over, application)
    )
    places = {"slot": 0, "application": 1, "provider": 2, "country": 3}
    by: dict[By, Mapping[str, Tally]] = {}
    for kind in BYS:
        folded = counting.folded(((key[places[kind]],), tally) for key, tally in found.items())
        by[kind] = {key[0]: tally for key, tally in folded.items()}
    return Spending(
        slots=range(span.from_ms, span.to_ms, span.slot_ms),
        by_slot=counting.folded(((key[0], key[2]), tally) for key, tally in found.items()),
        groups=by,
        total=sum(found.values(), Tally()),
        before=before,
    )


def _before(core: Core, over: Range, application: str | None) -> Tally:
    with looking(core) as connection:
        found = counting.counted(connection, over.before(application), ())
    return sum(found.values(), Tally())


def _budgets(core: Core, watch: Watch, application: str | None) -> list[Budget]:
    found: list[Budget] = []
    for owner in _owners(core, application)[:MOST_BUDGETS]:
        found += _of_owner(core, owner, "")
        if owner.policy.spend_per_country_per_day_micros is not None and len(found) < MOST_BUDGETS:
            for country in _dearest(core, watch, owner.id):
                found += _of_owner(core, owner, country)
    return found


def _of_owner(core: Core, owner: Application, country: str) -> list[Budget]:
    """The budget of all countries, or of one."""
    wanted = "country" if country else "spend"
    rules = [rule for rule in spend_limits(caller_of(owner, test=False), country, LEAST_MICROS) if rule.name == wanted]
    return [
        Budget(owner.name, country, count.rule.amount - count.left, count.rule.amount)
        for count in peek(core.link, rules)
    ]


def _dearest(core: Core, watch: Watch, application: str) -> list[str]:
    """The countries that cost this application most in the last day; none while SQL is down."""
    try:
        found = groups(core, watch, RANGES["24h"], "country", application)
    except Refusal:
        return []
    return [key for key, _, tally in found if key and tally.cost_micros][:COUNTRIES_EACH]


def _owners(core: Core, application: str | None) -> list[Application]:
    found = core.snapshot().applications.values()
    return sorted((each for each in found if application in (None, each.id)), key=lambda each: each.name)
