"""Made-up traffic: the same seed makes the same trace, and every family attacks as its name says."""

import random
from itertools import pairwise

import pytest

from otp_service.domain.errors import Refusal
from otp_service.domain.phone import parse_number
from otp_service.domain.replay.trace import Row
from otp_service.domain.replay.traffic.attacks import FAMILIES
from otp_service.domain.replay.traffic.mix import Plan, traffic
from otp_service.domain.replay.traffic.places import DEAR, HOMES, PLACES


def made(seed: int = 1, **plan: object) -> list[Row]:
    return traffic(random.Random(seed), Plan(**{"rows": 4000, **plan}))  # type: ignore[arg-type]


def test_the_same_seed_makes_the_same_trace() -> None:
    """A trace can be made again, another seed makes another one."""
    assert made(3) == made(3)
    assert made(3) != made(4)


def test_rows_come_in_the_order_of_time_and_about_as_many_as_asked() -> None:
    """People, events and attacks are merged."""
    rows = made()

    assert rows == sorted(rows, key=lambda row: row.at_ms)
    assert 0.8 * 4000 < len(rows) < 1.3 * 4000
    assert {row.family for row in rows if row.attack} == set(FAMILIES)


def test_people_type_most_of_their_codes_and_attackers_hardly_any() -> None:
    """Conversion is what tells them apart."""
    rows = made(rows=10_000)
    people = [row for row in rows if not row.attack]
    dead = [row for row in rows if row.attack and row.family not in ("converting", "warm_up")]

    assert 0.55 < sum(row.converts_after_ms is not None for row in people) / len(people) < 0.9
    assert not any(row.converts_after_ms for row in dead)


@pytest.mark.parametrize("name", sorted({*HOMES, *DEAR}))
def test_numbers_are_of_the_country_that_they_are_said_to_be_of(name: str) -> None:
    """A number of each operator is one that the numbering plan knows."""
    place, chance = PLACES[name], random.Random(1)
    found = set()
    for prefix in place.prefixes:
        number = parse_number(next(each for each in (place.number(chance, prefix) for _ in range(9)) if _known(each)))
        found.add((number.country, number.line_type))

    assert found == {(name, "mobile")}


def _known(e164: str) -> bool:
    try:
        return parse_number(e164).line_type == "mobile"
    except Refusal:  # a few numbers within a range are not given out
        return False


def test_sequences_are_of_one_block_after_the_other() -> None:
    """The family that counts upwards does."""
    rows = [int(row.to) for row in made(families=("sequential",)) if row.attack]

    assert all(later - earlier == 1 for earlier, later in pairwise(rows))


def test_a_datacentre_is_one_network() -> None:
    """All of its addresses share a /24."""
    rows = [row for row in made(families=("datacentre",)) if row.attack]

    assert len({row.ip.rpartition(".")[0] for row in rows}) == 1
    assert len({row.to[:4] for row in rows}) > 5
