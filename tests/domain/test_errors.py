"""Refusals."""

import pytest

from otp_service.domain.errors import PROBLEMS, Refusal, invalid_field


@pytest.mark.parametrize("code", sorted(PROBLEMS))
def test_every_code_has_a_status_and_a_title(code: str) -> None:
    """A refusal carries its code's HTTP status and title."""
    refusal = Refusal(code, "why")
    assert 400 <= refusal.status <= 503
    assert refusal.title
    assert (refusal.code, refusal.detail, str(refusal)) == (code, "why", "why")


def test_a_code_that_is_not_in_the_table_is_a_bug() -> None:
    """Nobody refuses with a code that callers can't know."""
    with pytest.raises(KeyError):
        Refusal("made_up", "why")


def test_a_field_is_named_with_what_to_do() -> None:
    """The refusal of a field names it in its detail and in its errors."""
    refusal = invalid_field("to", "write it in E.164 form", "format")
    assert (refusal.status, refusal.detail) == (422, "to: write it in E.164 form")
    assert refusal.errors == [{"field": "to", "code": "format", "detail": "write it in E.164 form"}]
