"""What any caller's query is made of."""

import pytest
from pydantic import ValidationError

from otp_service.web.fields import ListQuery

NOON = 1_795_262_400_000


@pytest.mark.parametrize(
    "text", ["2026-11-21T12:00:00Z", "2026-11-21T14:00:00+02:00", "2026-11-21T14:00:00 02:00", "2026-11-21 12:00:00Z"]
)
def test_time_is_read_with_its_plus_encoded_or_not(text: str) -> None:
    """A time means the same moment whether a client encoded its `+`, which else arrives as a space, or not."""
    assert ListQuery.model_validate_strings({"from": text}).from_ms == NOON


@pytest.mark.parametrize("text", ["soon", "2026-11-21T12:00:00", "1795262400", "2026-11-21T12:00:00Z" + " " * 40])
def test_what_is_no_time_is_refused(text: str) -> None:
    """A time without its zone, or anything else, is refused by its field's name, and not repeated."""
    with pytest.raises(ValidationError) as refused:
        ListQuery.model_validate_strings({"to_time": text})
    (error,) = refused.value.errors(include_input=False)
    assert error["loc"] == ("to_time",)
    assert text.strip() not in error["msg"]


def test_number_is_read_with_its_plus_encoded_or_not() -> None:
    """A number's `+` may arrive as a space."""
    given = [ListQuery.model_validate_strings({"to": text}).to for text in ("+41791234567", " 41791234567")]
    assert given == ["+41791234567"] * 2


def test_a_list_knows_its_parameters_by_one_name_each() -> None:
    """A parameter's name inside the service is none outside."""
    with pytest.raises(ValidationError, match="from_ms"):
        ListQuery.model_validate_strings({"from_ms": "2026-11-21T12:00:00Z"})
