"""What a provider takes for a segment: its price table, a CSV file of the contract's prices in any currency."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from otp_service.domain.prices import price_micros


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices of a segment in millionths of a US dollar; the longest prefix of a number counts, then its country."""

    countries: Mapping[str, int] = field(default_factory=dict)
    prefixes: Mapping[str, int] = field(default_factory=dict)  # E.164 without the plus
    longest: int = 0  # digits of the longest prefix
    dearest: Mapping[str, int] = field(default_factory=dict)  # the highest price within a country

    def price(self, country: str, to: str) -> int | None:
        """The price of a segment to this number in E.164; None where the table says nothing."""
        if self.prefixes:
            for end in range(min(self.longest + 1, len(to)), 1, -1):
                found = self.prefixes.get(to[1:end])
                if found is not None:
                    return found
        return self.countries.get(country)


UNPRICED = PriceTable()


def segment_price(table: PriceTable, country: str, to: str) -> int:
    """What a segment costs: what the table says, else what it is taken to cost."""
    found = table.price(country, to)
    return price_micros(country, {}) if found is None else found
