"""Price files: what the contract says, in any currency."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.config_file.money import read_rates
from otp_service.domain.config_file.price_files import MOST_TOLD, read_prices
from otp_service.domain.config_file.provider_file import ProviderFileError, parse_provider_file
from otp_service.domain.routes.price_tables import PriceTable
from tests.domain.config_file.texts import PRICES, PROVIDERS, RATES, parse, problems


def priced(prices: str) -> str:
    return RATES + PROVIDERS.replace('name = "a"', 'name = "a"\nprices = "a.csv"')


def test_a_price_file_is_read_with_the_provider() -> None:
    """A price file's amounts become ours, rounded up, and belong to the provider that names it."""
    first, second = parse(priced(PRICES)).providers
    assert first.prices == PriceTable({"CH": 54_000}, {"4179": 70_000}, 4, {"CH": 70_000})
    assert second.prices == PriceTable()


@pytest.mark.parametrize(
    ("to", "price"), [("+41781234567", 54_000), ("+41791234567", 70_000), ("+4179", 70_000), ("+417", 54_000)]
)
def test_the_longest_prefix_counts(to: str, price: int) -> None:
    """A number costs what its longest known prefix says, else what its country does."""
    table = PriceTable({"CH": 54_000}, {"4179": 70_000, "41791": 70_000}, 5)
    assert table.price("CH", to) == price
    assert table.price("DE", "+4915112345678") is None


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "line 1: the columns must be country,prefix,price,currency"),
        ("country;price;currency\nCH;1;EUR", "line 1: the columns must be"),
        ("country,price\nCH,1", "line 1: the columns must be"),
        ("country,price,currency\nXX,1,EUR", "line 2: country must be an ISO 3166 code"),
        ("country,price,currency\nCH,-1,EUR", "line 2: price must be a number such as 0.0725"),
        ('country,price,currency\nCH,"0,05",EUR', "line 2: price must be a number such as 0.0725"),
        ("country,price,currency\nCH,1,CHF", "line 2: there is no rate for CHF"),
        ("country,price,currency\nCH,1,chf", "line 2: currency must be three capital letters"),
        ("country,price,currency\nCH,1,EUR\nCH,2,EUR", "line 3: line 2 has a price for the same already"),
        ("country,prefix,price,currency\nCH,0041,1,EUR", "line 2: prefix must be the beginning of a number"),
        ('country,price,currency\nCH,"1,EUR', "this is not CSV"),
    ],
)
def test_a_mistake_in_a_price_file_is_told_with_its_line(content: str, complaint: str) -> None:
    """A mistake in a price file is told with the provider's place and the file's line."""
    [found] = problems(priced(content), content)
    assert found.startswith(f"line 4, provider 'a': prices: {complaint}")


def test_a_file_in_the_wrong_form_is_told_briefly() -> None:
    """A file with a mistake in every line tells the first of them and how many there are."""
    content = "country,price,currency\n" + "CH,x,USD\n" * 30
    found = read_prices(content, read_rates({"dated": "2026-11-01"})[0])[1]
    assert (len(found), found[-1]) == (MOST_TOLD + 1, "and 49 more")


def test_a_price_file_that_is_not_there_is_told() -> None:
    """A file that can't be read is told like any other mistake."""
    with pytest.raises(ProviderFileError) as refused:
        parse_provider_file(priced(""), {})
    assert refused.value.problems == (
        "otp-service.toml line 4, provider 'a': prices: the file can't be read: No such file or directory",
    )


@given(st.text(max_size=80) | st.text(',\n"CHEUR0.5+4179countrypricecurrency', max_size=80))
def test_any_price_file_is_read_or_refused(content: str) -> None:
    """Whatever a price file holds, it is read or refused, never a crash."""
    table, mistakes = read_prices(f"country,prefix,price,currency\n{content}", read_rates({"dated": "2026-11-01"})[0])
    assert isinstance(table, PriceTable)
    assert all(isinstance(mistake, str) for mistake in mistakes)
