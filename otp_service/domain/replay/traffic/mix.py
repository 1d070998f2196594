"""A whole trace: people, what happens to them, and attacks, in the order of time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from otp_service.domain.replay.trace import Row
from otp_service.domain.replay.traffic.attacks import FAMILIES, MINUTE_MS, Family, Raid
from otp_service.domain.replay.traffic.chance import Chance
from otp_service.domain.replay.traffic.events import EVENTS, SHARES, outage
from otp_service.domain.replay.traffic.people import HOUR_MS, Society, daily, society

ROWS_PER_PERSON = 1.13  # with those who ask again


@dataclass(frozen=True, slots=True)
class Plan:
    """What a trace is to hold: about `rows` rows within `hours`, this share of them attacks."""

    rows: int = 100_000
    hours: float = 24.0
    attack_share: float = 0.3
    families: tuple[str, ...] = tuple(FAMILIES)
    countries: int = 12
    events: bool = True


def traffic(chance: Chance, plan: Plan, known: Mapping[str, Family] = FAMILIES) -> list[Row]:
    """The rows of a trace, in order of time."""
    length_ms, start_hour = round(plan.hours * HOUR_MS), chance.uniform(0, 24)
    people = society(chance, plan.countries)
    attacks = round(plan.rows * plan.attack_share) if plan.families else 0
    rows = list(_honest(chance, people, plan.rows - attacks, length_ms, start_hour, plan.events))
    raids = _raids(chance, plan, attacks, length_ms, people.countries(), known)
    rows += [row for raid in raids for row in known[raid.family].attack(raid)]
    rows.sort(key=itemgetter(0))
    return rows


def _honest(
    chance: Chance, people: Society, rows: int, length_ms: int, start_hour: float, events: bool
) -> Iterator[Row]:
    count = round(rows / ROWS_PER_PERSON)
    if not events:
        yield from daily(chance, people, count, length_ms, start_hour)
        return
    sizes = {name: round(count * share) for name, share in SHARES.items()}
    ordinary = daily(chance, people, count - sum(sizes.values()), length_ms, start_hour)
    yield from outage(chance, people, ordinary, length_ms)
    for name, size in sizes.items():
        yield from EVENTS[name](chance, people, size, length_ms)


def _raids(
    chance: Chance, plan: Plan, count: int, length_ms: int, homes: Sequence[str], known: Mapping[str, Family]
) -> Iterator[Raid]:
    sizes = [chance.uniform(0.4, 1.6) for _ in plan.families]
    for name, size in zip(plan.families, sizes, strict=True):
        low, high = known[name].minutes
        lasts = min(length_ms, round(chance.uniform(low, high) * MINUTE_MS)) if high else length_ms
        begin = round(chance.random() * (length_ms - lasts))
        yield Raid(chance, name, round(count * size / sum(sizes)), begin, begin + lasts, homes)
