"""What couriers share about providers, through Redis: breakers, conversions and rates."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from otp_service.domain.errors import Refusal
from otp_service.domain.health import (
    EVERY_COUNTRY,
    UNTOUCHED,
    Breaker,
    Health,
    RouteHealth,
    outlived,
    read_breaker,
    route_health,
)
from otp_service.domain.keys import b64
from otp_service.store.keys import BREAKERS
from otp_service.store.link import Link
from otp_service.store.outbox import AsyncRedis, Keys, run_script
from otp_service.store.scripts import load

KEPT_MS = 24 * 3_600_000
_HEALTH, _PACE = load("health"), load("pace")

Route = tuple[str, str]  # provider, country
Codes = Mapping[Route, tuple[int, int]]  # sent, verified


@dataclass(frozen=True, slots=True)
class Change:
    """What is known of a route now, and the text that stood there when that was found; "" for none."""

    route: Route
    expected: str
    text: str


@dataclass(frozen=True, slots=True)
class Shared:
    """What all couriers know; None where nothing changed since the version last seen."""

    version: str
    refused: frozenset[Route]  # changes that came after somebody else's
    breakers: dict[Route, str] | None
    codes: dict[Route, tuple[int, int]] | None


async def share(redis: AsyncRedis, version: str, changes: Sequence[Change], codes: Codes | None = None) -> Shared:
    """Writes what was learnt and hears what others have, in one trip; a change that was refused is to be made anew."""
    args: list[str | int | bytes] = [version, KEPT_MS, int(codes is not None), len(changes)]
    for change in changes:
        args += (_field(change.route), change.expected, change.text)
    for route, (sent, verified) in (codes or {}).items():
        args += (_field(route), f"{sent}|{verified}")
    seen, refused, *news = await run_script(redis, _HEALTH, BREAKERS, args)
    lost = frozenset(_route(field.decode()) for field in refused)
    if not news:
        return Shared(seen.decode(), lost, None, None)
    breakers, told = map(_by_route, news)
    return Shared(seen.decode(), lost, breakers, _codes(told))


def read_health(link: Link) -> Health:
    """What couriers know of every route that they have used."""
    breakers, told = (_flat(link.command("HGETALL", key)) for key in BREAKERS[:2])
    seconds, micros = link.command("TIME")
    now_ms = int(seconds) * 1000 + int(micros) // 1000
    codes = _codes({_route(field): text for field, text in told.items()})
    return Known({_route(field): read_breaker(text) for field, text in breakers.items()}, codes, now_ms)


def health_if_known(link: Link) -> Health | None:
    """The same for whoever shows more than that; None while Redis can't be asked."""
    try:
        return read_health(link)
    except Refusal:
        return None


class Known(dict[Route, RouteHealth]):
    """The health of every route that is known, and of any other one of a provider that is ill everywhere."""

    def __init__(self, breakers: Mapping[Route, Breaker], codes: Codes, now_ms: int) -> None:
        self._whole = {provider: found for (provider, country), found in breakers.items() if country == EVERY_COUNTRY}
        self._now_ms = now_ms
        routes = {*breakers, *codes}
        super().__init__({route: self._health(route, breakers, codes) for route in routes})

    def get(self, route: Route, otherwise: RouteHealth | None = None) -> RouteHealth | None:  # type: ignore[override]
        """The health of a route; what is unknown of a provider that is known takes after the whole of it."""
        if route in self or route[0] not in self._whole:
            return super().get(route, otherwise)
        return self._health(route, {}, {})

    def _health(self, route: Route, breakers: Mapping[Route, Breaker], codes: Codes) -> RouteHealth:
        own, whole = breakers.get(route, UNTOUCHED), self._whole.get(route[0], UNTOUCHED)
        return route_health(own, whole, self._now_ms, codes.get(route, (0, 0)))


async def counted_codes(redis: AsyncRedis, cell: int) -> dict[str, int]:
    """How many codes of one cell were sent and verified, by slot and route."""
    pairs = _flat(await redis.execute_command("HGETALL", Keys.of(cell).conversions))
    return {field: int(count) for field, count in pairs.items()}


async def forget_codes(redis: AsyncRedis, cell: int, counted: Iterable[str], now_ms: int) -> None:
    """Removes the counts of slots that nobody looks at any more."""
    gone = outlived(counted, now_ms)
    if gone:
        await redis.execute_command("HDEL", Keys.of(cell).conversions, *gone)


async def take_tokens(redis: AsyncRedis, name: str, per_s: float, count: int, most_ms: int) -> tuple[bool, int]:
    """Takes tokens of a rate, 1 / `per_s` seconds apart: whether they were taken, and the ms until the first."""
    key = f"{{pace:{b64(sha256(name.encode()).digest()[:12])}}}"
    told = (await run_script(redis, _PACE, (key,), (int(1e6 / per_s), count, most_ms))).decode()
    return not told.startswith("-"), int(told.lstrip("-"))


def _field(route: Route) -> str:
    return "|".join(route)


def _route(field: str) -> Route:
    provider, _, country = field.partition("|")
    return provider, country


def _flat(reply: object) -> dict[str, str]:
    """HGETALL's reply, whichever of its shapes the client gives it."""
    if isinstance(reply, dict):
        return {_text(field): _text(value) for field, value in reply.items()}
    words = [_text(word) for word in reply or ()]  # type: ignore[attr-defined]
    return dict(zip(words[::2], words[1::2], strict=True))


def _text(word: bytes | str) -> str:
    return word.decode() if isinstance(word, bytes) else word


def _by_route(reply: object) -> dict[Route, str]:
    return {_route(field): text for field, text in _flat(reply).items()}


def _codes(told: Mapping[Route, str]) -> dict[Route, tuple[int, int]]:
    split = {route: text.partition("|") for route, text in told.items()}
    return {route: (int(sent), int(verified)) for route, (sent, _, verified) in split.items()}
