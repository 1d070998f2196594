"""Families that no threshold was tuned on: what the brake makes of them tells what it makes of the next idea."""

from collections.abc import Iterator

from otp_service.domain.replay.trace import Row
from otp_service.domain.replay.traffic.attacks import Family, Raid, few, one_prefix


def pulses(raid: Raid) -> Iterator[Row]:
    """Half a minute of noise every twelve minutes, on two operators in turn."""
    place = raid.dear()
    prefixes = raid.chance.sample(list(place.prefixes), 2)
    for at in raid.times():
        pulse = at // 720_000
        moved = pulse * 720_000 + (at % 720_000) // 24
        yield raid.row(max(raid.begin_ms, moved), place, place.number(raid.chance, prefixes[pulse % 2]))


def block_each(raid: Raid) -> Iterator[Row]:
    """One number of each block of an operator, so that no block is asked for twice."""
    place = raid.dear()
    prefix, blocks = raid.chance.choice(place.prefixes), 10 ** (place.digits - 4)
    for step, at in enumerate(raid.times()):
        number = (step * 7919 % blocks) * 10_000 + raid.chance.randrange(0, 10_000)
        yield raid.row(at, place, f"+{place.code}{prefix}{number:0{place.digits}d}")


def hopping(raid: Raid) -> Iterator[Row]:
    """An IPv6 /48 of its own for each request, challenges half solved, over the operators of one country."""
    place = raid.dear()
    for at in raid.times():
        groups = ":".join(f"{raid.chance.randrange(1, 65536):x}" for _ in range(2))
        to = place.number(raid.chance, raid.chance.choice(place.prefixes))
        yield raid.row(at, place, to, f"2a0e:{groups}::1", solves=0.5)


def insider(raid: Raid) -> Iterator[Row]:
    """Few devices behind few addresses that convert every tenth code, on numbers of three countries."""
    places, addresses = [raid.dear() for _ in range(3)], few(raid.chance, 3)
    for at in raid.times():
        place = raid.chance.choice(places)
        to = place.number(raid.chance, raid.chance.choice(place.prefixes))
        ip, device = raid.chance.choice(addresses), f"d{raid.chance.randrange(0, 5)}"
        yield raid.row(at, place, to, ip, converts=0.1, device=device)


def growing(raid: Raid) -> Iterator[Row]:
    """Starts as a trickle and doubles every quarter of its time."""
    lasts = raid.end_ms - raid.begin_ms
    for row in one_prefix(raid, ips=0):
        part = (row.at_ms - raid.begin_ms) / max(1, lasts)
        yield row._replace(at_ms=raid.begin_ms + int(lasts * part**0.4))


UNSEEN = {
    "pulses": Family(pulses, (120, 480)),
    "block_each": Family(block_each, (30, 240)),
    "hopping": Family(hopping, (30, 240)),
    "insider": Family(insider, (60, 360)),
    "growing": Family(growing, (120, 600)),
}
