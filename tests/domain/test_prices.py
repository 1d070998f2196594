"""The price table."""

import phonenumbers
import pytest

from otp_service.domain.prices import CENTS_A_SEGMENT, DEFAULT_PRICE_MICROS, PRICES, price_micros


def test_an_override_comes_before_the_table() -> None:
    """The operator's own price is used, even if it is nothing."""
    assert price_micros("CH", {"CH": 0}) == 0
    assert price_micros("DE", {"CH": 0}) == 110_000


@pytest.mark.parametrize("country", ["TV", "001", ""])
def test_an_unknown_country_has_the_cautious_default(country: str) -> None:
    """What is not in the table is taken to be as dear as the dearest in it."""
    assert price_micros(country, {}) == DEFAULT_PRICE_MICROS == max(PRICES.values())


def test_the_table_speaks_of_countries_that_exist() -> None:
    """Every entry is a country with phone numbers, at 1 cent to 1 dollar."""
    assert set(PRICES) <= set(phonenumbers.SUPPORTED_REGIONS)
    assert all(10_000 <= price <= 1_000_000 for price in PRICES.values())


def test_no_country_is_listed_twice() -> None:
    """No country's price hides another of its own."""
    assert len(PRICES) == len(" ".join(CENTS_A_SEGMENT.values()).split())
