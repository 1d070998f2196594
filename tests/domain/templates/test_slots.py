"""Slots and their types."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.errors import Refusal
from otp_service.domain.templates.slots import MAX_VARIABLE, TYPES, check_types, read_body

FITTING = {
    "number": ["12", "-3", "0.5", "1'234.5", "1\u202f234,50", "12,34,567.00", "1.234.567,89", "1234567.89", "٥"],
    "amount": [
        "12.50 CHF",
        "CHF 12.50",
        "€12.50",
        "12,50\u00a0€",
        "1'234.56 CHF",
        "US$ 5",
        "₹12,34,567",
        "\u200f٥ €",
        "100,00 kr",
        "12,50\u00a0zł",
        "٥ د.إ.",
        "R$ 5",
    ],
    "date": ["2027-01-31", "31.01.2027", "1/31/2027", "31/1/27", "2027年3月1日", "2028-02-29"],
    "time": ["14:30", "2:30 pm", "14h30", "09:05:59", "14.30", "2:30 p.m."],
    "word": ["Ana", "O'Neil", "नमस्ते", "Müller-Lüdenscheidt", "山田", "A4"],
    "digits": ["0", "4711"],
}
MISFITS = {
    "number": ["", "a", "1e5", "1.2.3", "12,3,4", "--1", "1 23", "12 CHF", "1\u20282"],
    "amount": ["", "12.50", "CHF", "12.50 CHF EUR", "CHF 12 CHF", "12 francs", "12\nCHF", "a lot", "12.50 evil.com"],
    "date": ["", "2027-02-30", "31.31.2027", "1.1", "2027-1.2", "soon", "27-27-27", "10.0.0.1"],
    "time": ["", "25:00", "2:30\npm", "14:60", "2", "pm", "14:30 evil"],
    "word": ["", "two words", "a.b", "-x", "a/b", "x_y", "a@b"],
    "digits": ["", "1 2", "1.2", "٥", "12a"],
}


def each(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Type and value, one by one."""
    return [(type_, value) for type_, values in table.items() for value in values]


@pytest.mark.parametrize(("type_", "value"), each(FITTING))
def test_a_value_of_its_type_fits(type_: str, value: str) -> None:
    """Numbers, amounts, dates, times, words and digits pass as people of many countries write them."""
    check_types(read_body(f"{{x:{type_}}}"), {"x": value})


@pytest.mark.parametrize(("type_", "value"), each(MISFITS))
def test_a_value_of_another_type_is_refused(type_: str, value: str) -> None:
    """A value that is not what its slot wants is refused by the slot's name, with what it wants; it is not repeated."""
    with pytest.raises(Refusal) as refusal:
        check_types(read_body(f"{{x:{type_}}}"), {"x": value})
    assert refusal.value.errors == [
        {"field": "variables", "code": "slot_type", "detail": f"x must be {TYPES[type_][0]}"}
    ]


@given(st.sampled_from(sorted({*TYPES} - {"text"})), st.text(max_size=MAX_VARIABLE))
def test_no_typed_value_has_a_line_break_an_at_or_a_hash(type_: str, value: str) -> None:
    """Whatever a type other than text takes, browsers can't take a part of it for a code of theirs."""
    try:
        check_types(read_body(f"{{x:{type_}}}"), {"x": value})
    except Refusal:
        return
    assert not set(value) & set("\n\r@#")


def test_a_slot_without_a_type_takes_any_text() -> None:
    """{name} is the same as {name:text}."""
    assert read_body("{name}").types == read_body("{name:text}").types == ("text",)


def test_a_body_is_read_in_its_parts() -> None:
    """Literals and names alternate, a literal first and last; types stand beside them."""
    found = read_body("Hi {name}, pay {sum:amount}")
    assert found.pieces == ("Hi ", "name", ", pay ", "sum", "")
    assert (found.slots, found.types, found.typed) == (("name", "sum"), ("text", "amount"), (("sum", "amount"),))


@pytest.mark.parametrize("body", ["{x:money}", "{x:Amount}", "{code:digits}", "{app:word}", "{x:date} {x:time}"])
def test_a_type_that_is_none_is_refused(body: str) -> None:
    """Unknown types, types of the service's own slots and two types of one slot are refused."""
    with pytest.raises(Refusal) as refusal:
        read_body(body)
    assert refusal.value.errors[0]["code"] == "unknown_type"


@pytest.mark.parametrize("body", ["{x:}", "{:date}", "{x: date}", "{x:date:time}", "{x:a.b}"])
def test_a_slot_has_one_spelling(body: str) -> None:
    """A type stands behind a colon without spaces, and there is one."""
    with pytest.raises(Refusal) as refusal:
        read_body(body)
    assert refusal.value.errors[0]["code"] == "unknown_syntax"
