"""What people type into pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.pages.typed import MOST_TYPED, as_code


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (" 123 456\n", "123456"),
        ("123-456", "123456"),
        ("\u200e١٢٣٤٥٦\u200f", "123456"),
        ("１２３４５６", "123456"),
        ("१२३४५६", "123456"),
        ("abcd-efgh-2345-6722", "ABCDEFGH23456722"),
        ("\u00a0K7RT\u2009", "K7RT"),
        ("", ""),
    ],
)
def test_a_code_is_read_as_it_was_meant(typed: str, code: str) -> None:
    """Spaces, dashes, marks of direction and other scripts' digits are read as the code that they are."""
    assert as_code(typed) == code


@given(st.text())
def test_whatever_is_typed_is_read(typed: str) -> None:
    """Nothing that can be typed breaks the reading, and it stays as it is when read again."""
    once = as_code(typed[:MOST_TYPED])
    assert len(once) <= MOST_TYPED * 20
    assert not any(symbol.isspace() for symbol in once)
