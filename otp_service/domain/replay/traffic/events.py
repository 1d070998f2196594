"""What happens to good services: launches, outages, a ticket sale in one office, offices of testers."""

from collections.abc import Callable, Iterable, Iterator

from otp_service.domain.replay.trace import Row
from otp_service.domain.replay.traffic.chance import Chance
from otp_service.domain.replay.traffic.people import Society, operators_of, person, requests
from otp_service.domain.replay.traffic.places import PLACES

MINUTE_MS = 60_000


def launch(chance: Chance, people: Society, count: int, length_ms: int) -> Iterator[Row]:
    """A country that nobody came from until now sends them all within minutes, as after an evening's show."""
    there = set(people.countries())
    country = chance.choice([name for name in PLACES if name not in there] or list(PLACES))
    operators = operators_of(chance, country)
    shares = [operator.share for operator in operators]
    begin = chance.uniform(0.1, 0.7) * length_ms
    spread = min(length_ms * 0.2, chance.uniform(10, 40) * MINUTE_MS)
    for _ in range(count):
        who = person(chance, chance.choices(operators, shares)[0])
        yield from requests(chance, who, round(begin + min(chance.expovariate(1 / spread), 3 * spread)))


def sale(chance: Chance, people: Society, count: int, length_ms: int) -> Iterator[Row]:
    """Tickets go on sale and everybody in one office building wants a code at once."""
    operators = [each for each in people.operators if each.place.country == people.countries()[0]]
    begin, network = chance.uniform(0.2, 0.8) * length_ms, f"193.5.{chance.randrange(0, 256)}"
    for _ in range(count):
        ip = f"{network}.{chance.randrange(1, 5)}"
        at = begin + chance.expovariate(1 / (6 * MINUTE_MS))
        yield from requests(chance, person(chance, chance.choice(operators), ip), round(at))


def testers(chance: Chance, people: Society, count: int, length_ms: int) -> Iterator[Row]:
    """A test department asks for codes to its own few phones, and types in about half of them."""
    phones = [person(chance, chance.choice(people.operators), "198.51.100.17") for _ in range(8)]
    begin = chance.uniform(0.0, 0.3) * length_ms
    for _ in range(count):
        at = begin + chance.random() * (length_ms - begin)
        yield from requests(chance, chance.choice(phones), round(at), converts=0.5, again=0.0)


EVENTS: dict[str, Callable[[Chance, Society, int, int], Iterator[Row]]] = {
    "launch": launch,
    "sale": sale,
    "testers": testers,
}
SHARES = {"launch": 0.04, "sale": 0.012, "testers": 0.002}


def outage(chance: Chance, people: Society, rows: Iterable[Row], length_ms: int) -> Iterator[Row]:
    """For 10 to 40 minutes nothing arrives at an operator, or in a whole country: people try again, in vain."""
    hit = chance.choice(people.operators[:12])
    whole = chance.random() < 0.3
    begin = round(chance.uniform(0.1, 0.85) * length_ms)
    end = begin + round(min(length_ms * 0.15, chance.uniform(10, 40) * MINUTE_MS))
    prefix = "+" + hit.place.code + ("" if whole else hit.prefix)
    for row in rows:
        if begin <= row.at_ms < end and row.to.startswith(prefix):
            yield row._replace(converts_after_ms=None)
            if chance.random() < 0.4:
                at = row.at_ms + round(chance.uniform(30_000, 120_000))
                yield row._replace(at_ms=at, converts_after_ms=None if at < end else 20_000)
        else:
            yield row
