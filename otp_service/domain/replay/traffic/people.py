"""People who want a code: they come by day, mostly type it in, try again when it is late, and come back."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from otp_service.domain.replay.trace import LEGIT, Row
from otp_service.domain.replay.traffic.chance import Chance
from otp_service.domain.replay.traffic.places import DEAR, HOMES, PLACES, Place

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TYPED_WITHIN_MS = 600_000  # as long as any code lives
RETRIES = 0.45  # of those whose code does not come
IMPATIENT = 0.05  # ask again although the first code is on its way
RETURNING = 0.3
ROAMING = 0.01
SOLVES = 0.98  # of browsers that are given a proof of work


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator of a country: a prefix, its share, and how many of its people type their code in, and how soon."""

    place: Place
    prefix: str
    share: float
    converts: float
    median_ms: float


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a phone."""

    to: str
    ip: str
    device: str
    user: str
    operator: Operator


@dataclass
class Society:
    """The countries that a service has people in, and those who were there before."""

    chance: Chance
    operators: list[Operator]
    shares: list[float] = field(default_factory=list)
    known: list[Person] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shares = [operator.share for operator in self.operators]

    def countries(self) -> list[str]:
        """The countries, the largest first."""
        sums: dict[str, float] = {}
        for operator in self.operators:
            country = operator.place.country
            sums[country] = sums.get(country, 0) + operator.share
        return sorted(sums, key=lambda country: -sums[country])


def society(chance: Chance, countries: int) -> Society:
    """As many countries as asked, a few large and the others scattered, with operators of their own habits."""
    homes = chance.sample(HOMES, min(countries, len(HOMES)))
    scattered = chance.sample(DEAR, min(max(0, countries // 2), len(DEAR)))
    found = [each for place, name in enumerate(homes) for each in _operators(chance, PLACES[name], 0.6**place + 0.01)]
    found += [each for name in scattered for each in _operators(chance, PLACES[name], 0.002)]
    return Society(chance, found)


def _operators(chance: Chance, place: Place, share: float) -> list[Operator]:
    shares = [chance.uniform(0.2, 1.0) ** 2 for _ in place.prefixes]
    converts, median_ms = chance.uniform(0.70, 0.90), chance.uniform(9_000, 28_000)
    return [
        Operator(place, prefix, share * part / sum(shares), min(0.92, converts * chance.uniform(0.92, 1.05)), median_ms)
        for prefix, part in zip(place.prefixes, shares, strict=True)
    ]


def operators_of(chance: Chance, country: str) -> list[Operator]:
    """The operators of a country by itself."""
    return _operators(chance, PLACES[country], 1.0)


def person(chance: Chance, operator: Operator, ip: str = "") -> Person:
    """Somebody new at this operator."""
    named = f"{chance.randrange(0, 16**12):012x}"
    return Person(
        operator.place.number(chance, operator.prefix), ip or _address(chance, operator), f"d{named}", "", operator
    )


def _address(chance: Chance, operator: Operator) -> str:
    """Half at home, the others behind the few addresses of their operator's CGNAT; a few abroad."""
    place = operator.place
    seed = sum(map(ord, place.country + operator.prefix))
    if chance.random() < ROAMING:
        seed += 7
    kind = chance.random()
    if kind < 0.4:
        return f"100.{64 + seed % 64}.{chance.randrange(0, 4)}.{chance.randrange(1, 255)}"
    if kind < 0.55:
        groups = (f"{chance.randrange(0, 65536):x}" for _ in range(2))
        return f"2a0{seed % 10}:{seed % 4096:x}:{':'.join(groups)}::{chance.randrange(1, 65536):x}"
    return f"{2 + seed % 90}.{chance.randrange(0, 64)}.{chance.randrange(0, 256)}.{chance.randrange(1, 255)}"


def requests(
    chance: Chance, who: Person, at_ms: int, converts: float | None = None, again: float = RETRIES
) -> Iterator[Row]:
    """What one person asks for: a code, and another one when it does not come or takes too long."""
    odds, turn = who.operator.converts if converts is None else converts, 0
    solves = chance.random() < SOLVES
    while True:
        delay = min(TYPED_WITHIN_MS - 1, round(chance.lognormvariate(math.log(who.operator.median_ms), 0.65)))
        typed = chance.random() < odds
        impatient = typed and turn == 0 and delay > 20_000 and chance.random() < IMPATIENT * 3
        yield _row(who, at_ms, delay if typed and not impatient else None, solves)
        if turn >= 3 or not (impatient or (not typed and chance.random() < again)):
            return
        at_ms += round(chance.uniform(30_000, 90_000))
        odds, turn = 0.97 if impatient else odds * 0.8, turn + 1


def _row(who: Person, at_ms: int, converts_after_ms: int | None, solves: bool) -> Row:
    price = who.operator.place.price_micros
    return Row(at_ms, who.to, who.ip, who.device, who.user, price, converts_after_ms, solves, LEGIT)


def daily(chance: Chance, people: Society, count: int, length_ms: int, start_hour: float) -> Iterator[Row]:
    """The requests of ordinary days: `count` people at times that follow the day of their country."""
    for _ in range(count):
        operator = chance.choices(people.operators, people.shares)[0]
        if people.known and chance.random() < RETURNING:
            who = chance.choice(people.known)
        else:
            who = person(chance, operator)
            if len(people.known) < 20_000:
                people.known.append(who)
        yield from requests(chance, who, _moment(chance, length_ms, start_hour + who.operator.place.hours_east))


def _moment(chance: Chance, length_ms: int, hour_at_start: float) -> int:
    while True:
        at = chance.random() * length_ms
        hour = (hour_at_start + at / HOUR_MS) % 24
        if chance.random() < 0.55 - 0.45 * math.cos((hour - 3.5) / 24 * 2 * math.pi):
            return round(at)
