"""The order in which candidates are asked: priority, weight, then what became of the codes before."""

from hashlib import blake2b
from math import log, sqrt

from otp_service.domain.health import RouteHealth

Z = 1.96  # 95 %, two-sided
ENOUGH = 50  # codes whose time is over, before a route is judged by them
EXPLORE = 32  # one code in so many takes the order as if nothing were known, so that a route can be seen to recover


def drawn(message: str, provider: str) -> float:
    """A number from 0 to 1, exclusive, that is random by message and provider, and the same each time."""
    digest = blake2b(f"{len(message)}:{message}{provider}".encode(), digest_size=7).digest()
    return (int.from_bytes(digest) + 0.5) / 2**56


def turn(message: str, provider: str, weight: int) -> float:
    """Whose is lowest comes first: each has a chance by its weight (Efraimidis and Spirakis, 2006)."""
    return -log(drawn(message, provider)) / weight if weight > 0 else float("inf")


def conversion(health: RouteHealth) -> tuple[float, float] | None:
    """The bounds between which the share of verified codes lies (Wilson, 1927); None with too few codes to say."""
    if health.sent < ENOUGH:
        return None
    n, share = health.sent, min(1.0, health.converted / health.sent)
    centre = share + Z * Z / (2 * n)
    spread = Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    scale = 1 + Z * Z / n
    return (centre - spread) / scale, (centre + spread) / scale


def clearly_worse(healths: list[RouteHealth]) -> list[bool]:
    """For each route whether it converts clearly worse than the best of them: at best less than that one at worst."""
    if all(health.sent < ENOUGH for health in healths):
        return [False] * len(healths)
    bounds = [conversion(health) for health in healths]
    best = max((found[0] for found in bounds if found), default=0.0)
    return [found is not None and found[1] < best for found in bounds]
