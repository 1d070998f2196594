"""Ways of pumping: each yields requests for codes that hardly anybody will type in."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from otp_service.domain.replay.trace import ATTACK, Row
from otp_service.domain.replay.traffic.chance import Chance
from otp_service.domain.replay.traffic.places import DEAR, PLACES, Place

MINUTE_MS = 60_000
BOTS_SOLVE = 0.08


@dataclass(frozen=True, slots=True)
class Raid:
    """One attack: how many requests between which times, in which family, and where the service has its own people."""

    chance: Chance
    family: str
    count: int
    begin_ms: int
    end_ms: int
    homes: Sequence[str]

    def times(self) -> list[int]:
        """Moments of the requests, in order, at the pace of a machine."""
        spread = self.end_ms - self.begin_ms
        return sorted(self.begin_ms + int(self.chance.random() * spread) for _ in range(self.count))

    def row(
        self,
        at_ms: int,
        place: Place,
        to: str,
        ip: str = "",
        solves: float = BOTS_SOLVE,
        converts: float = 0.0,
        device: str = "",
    ) -> Row:
        """One request of the attack."""
        typed = round(self.chance.uniform(4_000, 40_000)) if self.chance.random() < converts else None
        solved = self.chance.random() < solves
        return Row(
            at_ms, to, ip or anywhere(self.chance), device, "", place.price_micros, typed, solved,
            f"{ATTACK}:{self.family}",
        )  # fmt: skip

    def dear(self) -> Place:
        """A country with operators that share the fee."""
        return PLACES[self.chance.choice(DEAR)]


def anywhere(chance: Chance) -> str:
    """An address of somebody's home: residential proxies have millions."""
    return (
        f"{chance.randrange(11, 99)}.{chance.randrange(0, 256)}.{chance.randrange(0, 256)}.{chance.randrange(1, 255)}"
    )


def few(chance: Chance, count: int) -> list[str]:
    """A handful of addresses."""
    return [anywhere(chance) for _ in range(count)]


def sequential(raid: Raid) -> Iterator[Row]:
    """Number after number of one block, from a few addresses."""
    place = raid.dear()
    prefix, first = raid.chance.choice(place.prefixes), raid.chance.randrange(0, 10**place.digits // 2)
    addresses = few(raid.chance, 5)
    for step, at in enumerate(raid.times()):
        to = f"+{place.code}{prefix}{(first + step) % 10**place.digits:0{place.digits}d}"
        yield raid.row(at, place, to, raid.chance.choice(addresses))


def one_prefix(raid: Raid, solves: float = BOTS_SOLVE, converts: float = 0.0, ips: int = 30) -> Iterator[Row]:
    """Random numbers of one operator."""
    place = raid.dear()
    prefix, addresses = raid.chance.choice(place.prefixes), few(raid.chance, ips)
    for at in raid.times():
        ip = raid.chance.choice(addresses) if addresses else ""
        yield raid.row(at, place, place.number(raid.chance, prefix), ip, solves, converts)


def rotating_prefixes(raid: Raid) -> Iterator[Row]:
    """Another operator of two countries for each request."""
    places = [raid.dear(), raid.dear()]
    for at in raid.times():
        place = raid.chance.choice(places)
        yield raid.row(at, place, place.number(raid.chance, raid.chance.choice(place.prefixes)))


def rotating_countries(raid: Raid) -> Iterator[Row]:
    """Another country for each request."""
    for at in raid.times():
        place = raid.dear()
        yield raid.row(at, place, place.number(raid.chance, raid.chance.choice(place.prefixes)))


def residential(raid: Raid) -> Iterator[Row]:
    """One operator, an address and a device of its own for each request."""
    return one_prefix(raid, ips=0)


def datacentre(raid: Raid) -> Iterator[Row]:
    """Numbers of many countries, all from one network of a data centre."""
    network = f"45.{raid.chance.randrange(0, 256)}.{raid.chance.randrange(0, 256)}"
    for at in raid.times():
        place = raid.dear()
        to = place.number(raid.chance, raid.chance.choice(place.prefixes))
        yield raid.row(at, place, to, f"{network}.{raid.chance.randrange(1, 255)}")


def converting(raid: Raid) -> Iterator[Row]:
    """Types in 5 to 20 of a hundred codes, to look like people."""
    return one_prefix(raid, converts=raid.chance.uniform(0.05, 0.2))


def farm(raid: Raid) -> Iterator[Row]:
    """People who are paid to solve challenges solve most of them."""
    return one_prefix(raid, solves=0.92, ips=0)


def piggyback(raid: Raid) -> Iterator[Row]:
    """Rides on a country that many honest people come from."""
    place = PLACES[raid.chance.choice(raid.homes[:3])]
    for at in raid.times():
        yield raid.row(at, place, place.number(raid.chance, raid.chance.choice(place.prefixes)))


def dear_only(raid: Raid) -> Iterator[Row]:
    """The dearest destinations there are, at a multiple of their usual price."""
    place = max((raid.dear() for _ in range(6)), key=lambda each: each.price_micros)
    for at in raid.times():
        row = raid.row(at, place, place.number(raid.chance, raid.chance.choice(place.prefixes)))
        yield row._replace(price_micros=round(row.price_micros * 1.6))


def repeats(raid: Raid) -> Iterator[Row]:
    """The same few dozen numbers, over and over."""
    place = raid.dear()
    numbers = [place.number(raid.chance, raid.chance.choice(place.prefixes)) for _ in range(40)]
    for at in raid.times():
        yield raid.row(at, place, raid.chance.choice(numbers))


def assumed_adaptive(raid: Raid) -> Iterator[Row]:
    """Leaves each operator after a handful of requests, as if it had been refused there, and comes back much later."""
    places = [raid.dear() for _ in range(3)]
    prefixes = [(place, prefix) for place in places for prefix in place.prefixes]
    turn, left = 0, 0
    for at in raid.times():
        if left == 0:
            turn, left = turn + 1, raid.chance.randrange(4, 13)
        left -= 1
        place, prefix = prefixes[turn % len(prefixes)]
        yield raid.row(at, place, place.number(raid.chance, prefix))


def warm_up(raid: Raid) -> Iterator[Row]:
    """First earns trust with phones of its own, whose codes are typed in, then pumps the same operator."""
    place = raid.dear()
    prefix, times = raid.chance.choice(place.prefixes), raid.times()
    warm = min(len(times) // 6, 60)
    own = [place.number(raid.chance, prefix) for _ in range(20)]
    for step, at in enumerate(times):
        if step < warm:
            yield raid.row(at, place, own[step % 20], solves=0.9, converts=0.85)
        else:
            yield raid.row(at, place, place.number(raid.chance, prefix))


Attack = Callable[[Raid], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of attack, and how long it lasts in minutes (0: from the beginning of the trace to its end)."""

    attack: Attack
    minutes: tuple[float, float]


FAMILIES = {
    "sequential": Family(sequential, (20, 180)),
    "prefix": Family(one_prefix, (20, 240)),
    "rotating_prefixes": Family(rotating_prefixes, (60, 360)),
    "rotating_countries": Family(rotating_countries, (60, 480)),
    "drip": Family(one_prefix, (0, 0)),
    "residential": Family(residential, (30, 300)),
    "datacentre": Family(datacentre, (20, 240)),
    "converting": Family(converting, (60, 360)),
    "farm": Family(farm, (60, 360)),
    "piggyback": Family(piggyback, (60, 360)),
    "dear": Family(dear_only, (30, 240)),
    "repeats": Family(repeats, (30, 240)),
    "adaptive": Family(assumed_adaptive, (60, 480)),
    "night": Family(rotating_prefixes, (8, 20)),
    "warm_up": Family(warm_up, (60, 300)),
}
