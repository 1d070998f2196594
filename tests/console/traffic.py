"""Traffic for the console's dashboards: codes to several countries over the last hours, told as couriers tell it."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from otp_service.domain.facts import Fact
from otp_service.domain.keys import b64
from otp_service.domain.messages import RANKS
from otp_service.ledger.facts import apply_facts
from otp_service.service.core import now_ms
from otp_service.settings import Settings
from tests.world import World

MINUTE, HOUR = 60_000, 3_600_000


@dataclass(frozen=True)
class Route:
    """Codes to one block of numbers by one provider: of every ten, how many arrive and how many are typed in."""

    country: str
    block: str
    provider: str
    codes: int = 10
    delivered: int = 10
    approved: int = 7
    cost_micros: int = 70_000
    raw: str | None = None
    reason: str | None = None


SWISS = Route("CH", "+4179123", "swift", 40, 39, 30)
GERMAN = Route("DE", "+4915112", "swift", 30, 28, 21, 110_000)
SWISS_TOO = Route("CH", "+4178555", "frugal", 20, 14, 12, 40_000, "30003", "unreachable")
PUMPED = Route("UZ", "+9989012", "frugal", 25, 25, 1, 440_000)
USUAL = (SWISS, GERMAN, SWISS_TOO, PUMPED)


CONFIGURATION = """\
[[providers]]
name = "swift"
kind = "twilio"
account_sid = "AC0123456789abcdef0123456789abcdef"
auth_token = "0123456789abcdef0123456789abcdef"
sender = "Shop"
prices = "swift.csv"

[[providers]]
name = "frugal"
kind = "twilio"
account_sid = "AC0123456789abcdef0123456789abcdef"
auth_token = "0123456789abcdef0123456789abcdef"
sender = "Shop"
priority = 200
prices = "frugal.csv"
"""
PRICES = {"swift": "CH,,0.07,USD\nDE,,0.11,USD\n", "frugal": "CH,,0.04,USD\nUZ,,0.44,USD\n"}


def busy(world: World, routes: Sequence[Route] = USUAL, *, ago_ms: int = 30 * MINUTE, over_ms: int = 20 * HOUR) -> None:
    """Has the ledger know of these codes, spread over the time that ended so long ago."""
    tell(world.core.engine, [fact for route in routes for fact in codes(world.shop, route, now_ms() - ago_ms, over_ms)])


def tell(engine: Engine, facts: Sequence[Fact]) -> None:
    """Applies facts as the courier does."""
    apply_facts(engine, facts)


def codes(application: str, route: Route, end_ms: int, over_ms: int) -> Iterator[Fact]:
    """The facts of a route's codes."""
    for number in range(route.codes):
        at = end_ms - over_ms * (number + 1) // (route.codes + 1)
        yield from _code(application, route, number, at)


def _code(application: str, route: Route, number: int, at: int) -> Iterator[Fact]:
    name = f"{route.block.strip('+')}{route.provider}{number}{at}"
    id_, message = f"ver_{name}", f"msg_{name}"
    index = b64(hashlib.sha256(name.encode()).digest()[:16])
    person = {"number_index": index, "to_sealed": None, "country": route.country, "block": route.block}
    arrives, converts = number < route.delivered, number < route.approved
    begun = {"id": id_, "n": 1, "event": "started", "status": "pending", "sends": 1, "used": 0, "person": person}
    begun |= {"application": application, "test": False, "purpose": "login", "channel": "sms", "max_attempts": 5}
    yield Fact(f"{id_}:1", "verification", at, begun | {"created_ms": at, "expires_ms": at + 10 * MINUTE})
    sent = {"application": application, "person": person, "channel": "sms", "segments": 1, "country": route.country}
    yield _moved(message, "queued", id_, at, **sent)
    tried = {"message": message, "n": 1, "provider": route.provider, "verdict": "accepted", "took_ms": 120}
    tried |= {"country": route.country, "cost_micros": route.cost_micros, "raw": None if arrives else route.raw}
    yield Fact(f"{message}:try1", "attempt", at + 200, tried)
    yield _moved(message, "accepted", id_, at + 200, provider=route.provider, country=route.country)
    yield _moved(
        message, "delivered" if arrives else "undelivered", id_, at + 3000, reason=None if arrives else route.reason
    )
    if not arrives and route.raw:
        told = {"message": message, "provider": route.provider, "status": "undelivered", "reason": route.reason}
        yield Fact(f"{message}:r:1", "receipt", at + 3000, told | {"raw": route.raw})
    ended = {"id": id_, "n": 2, "reason": None, "sends": 1, "used": int(converts)}
    how = "approved" if converts else "canceled"
    yield Fact(f"{id_}:2", "verification", at + 20_000, ended | {"event": how, "status": how})


def _moved(id_: str, status: str, verification: str, at: int, **more: Any) -> Fact:
    data = {"id": id_, "n": RANKS[status], "verification": verification, "status": status}
    return Fact(f"{id_}:{RANKS[status]}", "message", at, data | more)


def configured(settings: Settings, folder: Path) -> Settings:
    """Settings of a service with two providers of one vendor and their prices."""
    for name, lines in PRICES.items():
        (folder / f"{name}.csv").write_text("country,prefix,price,currency\n" + lines)
    (folder / "otp-service.toml").write_text(CONFIGURATION)
    return settings.model_copy(update={"config": folder / "otp-service.toml"})
