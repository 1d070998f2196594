"""Phone numbers."""

import phonenumbers
import pytest

from otp_service.domain.errors import Refusal
from otp_service.domain.phone import mask, parse_number

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


def example(region: str) -> str:
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    number = number or phonenumbers.example_number(region)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@pytest.mark.parametrize(
    "text",
    ["+41791234567", "+41 79 123 45 67", "+41-79-123-45-67", "+41 (79) 123.45.67", " +41791234567 ", "+41/79/1234567"],
)
def test_a_number_may_be_written_as_people_write_it(text: str) -> None:
    """Spaces, dashes, dots and brackets don't matter: it is one number."""
    number = parse_number(text)
    assert (number.e164, number.country, number.line_type) == ("+41791234567", "CH", "mobile")
    assert number.prefix == "+4179123"


def test_a_national_number_needs_a_region() -> None:
    """A number without its country is understood only with the application's default_region."""
    assert parse_number("079 123 45 67", "CH").e164 == "+41791234567"
    with pytest.raises(Refusal, match="needs the application's default_region"):
        parse_number("079 123 45 67")


def variants(region: str) -> list[str]:
    """A number of this country, also with what may stand between its country code and the rest."""
    e164 = example(region)
    country_code = phonenumbers.parse(e164).country_code
    national = e164.removeprefix(f"+{country_code}")
    return [e164, *(f"+{country_code}{digits}{national}" for digits in ("0", "1", "8", "9", "15"))]


def quickly(text: str) -> str | None:
    try:
        return parse_number(text).e164
    except Refusal:
        return None


def test_every_country_has_one_form_of_its_numbers() -> None:
    """The quick way of reading E.164 finds what the general one finds, so nobody has two counters for one phone."""
    found = {text: quickly(text) for region in REGIONS for text in variants(region)}
    generally = {
        text: phonenumbers.format_number(phonenumbers.parse(text), phonenumbers.PhoneNumberFormat.E164)
        for text, e164 in found.items()
        if e164
    }
    assert {text: e164 for text, e164 in found.items() if e164} == generally
    assert len(generally) >= len(REGIONS)


def test_every_country_s_numbers_are_known() -> None:
    """A number of each country is taken, with or without spaces between its digits."""
    numbers = [example(region) for region in REGIONS]
    assert [parse_number(e164).e164 for e164 in numbers] == numbers
    assert [parse_number(" ".join((e164[:3], e164[3:6], e164[6:]))).e164 for e164 in numbers] == numbers


@pytest.mark.parametrize(
    ("text", "line_type"),
    [
        ("+447012345678", "personal_number"),
        ("+19002345678", "premium_rate"),
        ("+18002345678", "toll_free"),
        ("+41848123456", "shared_cost"),
        ("+870301234567", "non_geographic"),
        ("+883510000000", "non_geographic"),
        ("+979123456789", "non_geographic"),
        ("+881612345678", "non_geographic"),
    ],
)
def test_costly_numbers_are_told_apart(text: str, line_type: str) -> None:
    """Line types by which a policy refuses are recognised, satellite and shared country codes too."""
    assert parse_number(text).line_type == line_type


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "hello",
        "+43",
        "+4379123",
        "+417912345678901234",
        "+00791234567",
        "+999123456789",
        "+41791234567;ext=5",
        "tel:+41791234567",
        "+41791234567 x5",
        "+４１７９１２３４５６７",
        "+41791234567\x00",
        "+4179\n1234567",
        "++41791234567",
        "+41791234567,+41791234568",
        "1" * 33,
    ],
)
def test_what_is_no_number_is_refused_without_being_repeated(text: str) -> None:
    """The refusal names the field and says how to write a number, not what was sent."""
    with pytest.raises(Refusal) as caught:
        parse_number(text)
    assert caught.value.code == "invalid_field"
    assert caught.value.errors[0]["field"] == "to"
    assert len(text) < 3 or text not in caught.value.detail


def test_people_see_a_masked_number() -> None:
    """Country and last digits remain; short numbers are hidden altogether."""
    assert mask("+41791234567") == "+4179•••4567"
    assert mask("+2901234") == "•••"
