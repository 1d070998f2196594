"""Providers as the console shows them: how they do, where they are ill, what goes wrong, and what they take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from otp_service.domain.config_file.provider_file import ProviderEntry
from otp_service.domain.health import EVERY_COUNTRY, Health, RouteHealth
from otp_service.ledger.dashboards import counting, tries
from otp_service.ledger.dashboards.counting import Tally
from otp_service.ledger.dashboards.tries import STEPS_MS, Failed, Tried
from otp_service.service.admin.opening import looking
from otp_service.service.console.now import Watch
from otp_service.service.console.spans import Range
from otp_service.service.core import Core, now_ms
from otp_service.service.tracking import hint
from otp_service.store.breakers import health_if_known

MOST_ERRORS = 8
FRESH = 3  # of a page's freshness: tries are the dearest to count


@dataclass(frozen=True, slots=True)
class Ill:
    """A country in which a provider is left alone for a while; EVERY_COUNTRY for all of them."""

    country: str
    state: str  # open, half_open or paused
    until_ms: int


@dataclass(frozen=True, slots=True)
class Error:
    """What went wrong, so often; `hint` is what the vendor's word means and what to do, where that is known."""

    reason: str
    raw: str | None
    count: int
    last_at: int
    hint: str | None


@dataclass(frozen=True, slots=True)
class Carrier:
    """One provider and how it does; `slots` are its tries and how many of them were accepted, None without any."""

    entry: ProviderEntry
    enabled: bool
    slots: Sequence[tuple[int, int, int]]  # when, tries, accepted
    tally: Tally
    tried: Tried
    p50_ms: int | None
    p95_ms: int | None
    ill: Sequence[Ill] | None  # None while Redis is away
    prices: tuple[int, int] | None  # the least and the most of its price table
    priced: int  # countries that the table names
    errors: Sequence[Error]

    @property
    def success(self) -> float | None:
        """Accepted of tried."""
        return self.tried.accepted / self.tried.count if self.tried.count else None


def carriers(core: Core, watch: Watch, over: Range, application: str | None = None) -> list[Carrier]:
    """Every provider of the configuration; Refusal unavailable while SQL is down."""
    told = watch.kept.get(
        ("tried", over.name, application), over.fresh_s * FRESH, lambda: _ask(core, over, application)
    )
    places, of_providers, tallies, failures = told
    health = health_if_known(core.link)
    return [
        _carrier(
            core,
            entry,
            places,
            of_providers.get(entry.name, Tried()),
            tallies.get(entry.name, Tally()),
            failures,
            health,
        )
        for entry in core.provider_file.providers
    ]


Told = tuple[range, dict[str, Tried], dict[str, Tally], list[Failed]]


def _ask(core: Core, over: Range, application: str | None) -> Told:
    span = over.span(application)
    with looking(core) as connection:
        found = counting.counted(connection, span, ("provider",))
        places = range(span.from_ms, span.to_ms, span.slot_ms)
        tallies = {key[0]: tally for key, tally in found.items()}
        return places, tries.tried(connection, span), tallies, tries.failed(connection, span)


def _carrier(
    core: Core,
    entry: ProviderEntry,
    places: range,
    tried: Tried,
    tally: Tally,
    failures: Sequence[Failed],
    health: Health | None,
) -> Carrier:
    table = entry.prices.countries
    return Carrier(
        entry=entry,
        enabled=is_enabled(core, entry),
        slots=[(at, *tried.slots.get(at, (0, 0))) for at in places],
        tally=tally,
        tried=tried,
        p50_ms=_quantile(tried.steps, 0.5),
        p95_ms=_quantile(tried.steps, 0.95),
        ill=None if health is None else _ill(entry.name, health),
        prices=(min(table.values()), max(table.values())) if table else None,
        priced=len(table),
        errors=_errors(core, entry.name, failures),
    )


def is_enabled(core: Core, entry: ProviderEntry) -> bool:
    """Whether routing asks it: neither the configuration nor an admin has switched it off."""
    return any(each.enabled for each in core.routing().candidates if each.name == entry.name)


def _errors(core: Core, provider: str, failures: Sequence[Failed]) -> list[Error]:
    own = [each for each in failures if each.provider == provider][:MOST_ERRORS]
    return [Error(each.reason, each.raw, each.count, each.last_at, hint(core, provider, each.raw)) for each in own]


def _ill(name: str, health: Health) -> list[Ill]:
    now = now_ms()
    theirs = {country: route for (provider, country), route in health.items() if provider == name}
    whole = theirs.get(EVERY_COUNTRY)
    if whole and _state(whole, now):
        return [Ill(EVERY_COUNTRY, _state(whole, now), max(whole.open_until_ms, whole.paused_until_ms))]
    found = [(country, route) for country, route in sorted(theirs.items()) if _state(route, now)]
    return [
        Ill(country, _state(route, now), max(route.open_until_ms, route.paused_until_ms)) for country, route in found
    ]


def _state(route: RouteHealth, now: int) -> str:
    if route.breaker != "closed":
        return route.breaker
    return "paused" if route.paused_until_ms > now else ""


def _quantile(steps: Mapping[int, int], share: float) -> int | None:
    """The upper end of the step that this share of all answers stays within; None beyond the last."""
    needed = share * sum(steps.values())
    for step, most in enumerate(STEPS_MS):
        needed -= steps.get(step, 0)
        if needed <= 0 and steps:
            return most
    return None
