"""Providers, for admins: how each does, and switching one off for everybody or giving it another share."""

from collections.abc import Sequence
from dataclasses import dataclass

from otp_service.domain.config_file.provider_file import ProviderEntry
from otp_service.domain.errors import Refusal, invalid_field
from otp_service.domain.health import Health, RouteHealth
from otp_service.domain.routes.rules import Candidate
from otp_service.ledger import carriers
from otp_service.ledger.carriers import Switch
from otp_service.service.admin.fields import MOST_REASON, words
from otp_service.service.admin.opening import changing, looking
from otp_service.service.core import Core, now_ms
from otp_service.service.routing import candidate_of
from otp_service.store.breakers import health_if_known

MOST_WEIGHT = 10_000


@dataclass(frozen=True, slots=True)
class Ill:
    """A country in which a provider is left alone for a while; `*` for all of them."""

    country: str
    state: str  # open, half_open or paused
    until_ms: int | None


@dataclass(frozen=True, slots=True)
class Carrier:
    """A provider as it is configured, as it is in force, and how it does; `ill` is None while Redis is away."""

    entry: ProviderEntry
    in_force: Candidate
    switch: Switch
    ill: Sequence[Ill] | None


def listed(core: Core) -> list[Carrier]:
    """Every provider of the configuration, in its order."""
    with looking(core) as connection:
        switches = carriers.switches(connection)
    health = health_if_known(core.link)
    return [
        _carrier(entry, switches.get(entry.name, carriers.AS_CONFIGURED), health)
        for entry in core.provider_file.providers
    ]


def switch(
    core: Core,
    actor: str,
    name: str,
    *,
    enabled: bool | None = None,
    weight: int | None = None,
    reason: str = "",
    kept: Sequence[str] = (),
) -> Carrier:
    """Switches a provider off or on, or changes its share; None leaves it to the configuration.

    `kept` are those of `enabled` and `weight` that stay as they are. Couriers follow within seconds. Refusal not_found
    if the configuration names no such provider.
    """
    words("reason", reason, least=0, most=MOST_REASON)
    if weight is not None and not 0 <= weight <= MOST_WEIGHT:
        raise invalid_field("weight", f"must be 0 to {MOST_WEIGHT}")
    entry = next((each for each in core.provider_file.providers if each.name == name), None)
    if entry is None:
        raise Refusal("not_found", "the configuration names no such provider")
    with changing(core, actor) as change:
        now = carriers.switches(change.connection).get(name, carriers.AS_CONFIGURED)
        wanted = Switch(
            now.enabled if "enabled" in kept else enabled,
            now.weight if "weight" in kept else weight,
        )
        carriers.put(change, name, wanted, reason)
    return _carrier(entry, wanted, health_if_known(core.link))


def _carrier(entry: ProviderEntry, switch: Switch, health: Health | None) -> Carrier:
    ill = None if health is None else _ill(entry.name, health)
    return Carrier(entry, candidate_of(entry, switch), switch, ill)


def _ill(name: str, health: Health) -> list[Ill]:
    now = now_ms()
    own = ((country, route) for (provider, country), route in sorted(health.items()) if provider == name)
    return [Ill(country, state, _until(route)) for country, route in own if (state := _state(route, now))]


def _state(route: RouteHealth, now: int) -> str:
    if route.breaker != "closed":
        return route.breaker
    return "paused" if route.paused_until_ms > now else ""


def _until(route: RouteHealth) -> int | None:
    return max(route.open_until_ms, route.paused_until_ms) or None
