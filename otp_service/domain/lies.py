"""Receipts that lie: who reports messages delivered that nobody ever gets.

A code that reached its person is mostly typed in. So of the codes that a provider reports as delivered, about as many
must be verified as of those that others report delivered in the same countries. Each group is compared with the rest,
country by country (the stratified test of Mantel and Haenszel, JNCI 22, 1959), since people of one country differ from
those of another; a group is out of line if chance is no explanation and the gap is one that matters.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

LEAST = 30  # reported delivered in a stratum, by the group and by the rest each: fewer prove nothing
Z = 3.5  # one honest group in 4,000 is this far below the rest by chance
GAP = 0.8  # of what was to be expected; a smaller shortfall is proven by large numbers, but is nobody's lie


@dataclass(frozen=True, slots=True)
class Told:
    """Codes reported delivered whose time is over, and how many of them were verified."""

    group: str
    stratum: str
    delivered: int
    converted: int


@dataclass(slots=True)
class _Sum:
    seen: float = 0.0
    expected: float = 0.0
    variance: float = 0.0


def out_of_line(told: Iterable[Told]) -> set[str]:
    """The groups whose delivered codes are verified far less often than those of the others."""
    strata: dict[str, list[Told]] = defaultdict(list)
    for one in told:
        strata[one.stratum].append(one)
    sums: dict[str, _Sum] = defaultdict(_Sum)
    for stratum in strata.values():
        _compare(stratum, sums)
    return {group for group, total in sums.items() if _is_low(total)}


def _compare(stratum: list[Told], sums: dict[str, _Sum]) -> None:
    delivered, converted = sum(one.delivered for one in stratum), sum(one.converted for one in stratum)
    for one in stratum:
        rest = delivered - one.delivered
        if one.delivered < LEAST or rest < LEAST:
            continue
        total = sums[one.group]
        total.seen += one.converted
        total.expected += one.delivered * (converted - one.converted) / rest
        # The variance of the shortfall if all were alike.
        share = converted / delivered
        total.variance += one.delivered * share * (1 - share) * delivered / rest


def _is_low(total: _Sum) -> bool:
    return total.seen < GAP * total.expected and total.expected - total.seen > Z * sqrt(total.variance)
