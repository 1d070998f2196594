"""How well a route does: what couriers see of a provider in a country, and what routing may conclude from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

BreakerState = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class RouteHealth:
    """One provider in one country, as all couriers know it together.

    `sent` and `converted` count codes whose time to be typed is over: how many went out, how many were verified.
    """

    breaker: BreakerState = "closed"
    open_until_ms: int = 0
    paused_until_ms: int = 0  # the provider asked for patience
    latency_ms: float | None = None
    sent: int = 0
    converted: int = 0


WELL = RouteHealth()
Health = Mapping[tuple[str, str], RouteHealth]  # (provider, country); what is missing is well
