"""What people type into pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.pages.typed import MOST_TYPED, as_code, as_recovery_code


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


@pytest.mark.parametrize(
    ("typed", "code"),
    [("abcd-0fgh-1jkl-8nop", "ABCDOFGHIJKLBNOP"), ("101 808", "101808"), ("ABCD-EFGH-IJKL-MNO9", "ABCDEFGHIJKLMNO9")],
)
def test_digits_that_no_recovery_code_has_are_the_letters_they_look_like(typed: str, code: str) -> None:
    """In a recovery code 0, 1 and 8 are misread letters; in the code of an app they are digits."""
    assert as_recovery_code(typed) == code


@given(st.text())
def test_whatever_is_typed_is_read(typed: str) -> None:
    """Nothing that can be typed breaks the reading, and it stays as it is when read again."""
    once = as_code(typed[:MOST_TYPED])
    assert len(once) <= MOST_TYPED * 20
    assert not any(symbol.isspace() for symbol in once)
