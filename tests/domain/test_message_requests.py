"""The bodies of the message endpoints."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from otp_service.domain.requests import MessageRequest, MoveRequest, OptOutRequest, OutcomeRequest
from tests.world import NUMBER


def message(**fields: Any) -> MessageRequest:
    body = {"to": NUMBER, "text": "Your parcel is here.", **fields}
    return MessageRequest.model_validate_json(json.dumps({name: value for name, value in body.items() if value != ""}))


def test_a_number_and_a_text_are_enough() -> None:
    """Class, priority and validity have defaults."""
    request = message()
    assert (request.message_class, request.priority, request.valid_for_s) == ("transactional", "normal", 86_400)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("text", (1, " \n ", "a" * 1601, "tab\there", "nul\u0000", "line\u2028separator", "cr\r\n")),
        ("class", ("code", "marketing", 1)),
        ("sender", ("a" * 33, "🦊", "new\nline", 5)),
        ("send_at", ("tomorrow", "2026-11-22T10:00:00", 1_795_341_600, True)),
        ("valid_for_s", (29, 72 * 3600 + 1, "60", 60.5)),
        ("priority", ("high", 1)),
        ("reference", ("a" * 65, "with space", "é", 7)),
        ("metadata", ({"a": 1}, {"a": "\u0000"})),
        ("smart_encoding", ("yes", 1)),
        ("message_class", ("transactional",)),
    ],
)
def test_every_field_has_its_type_and_bounds(field: str, values: tuple[Any, ...]) -> None:
    """A message with a field that is malformed or unknown is refused."""
    for value in values:
        with pytest.raises(ValidationError):
            message(**{field: value})


@pytest.mark.parametrize(
    "fields", [{"text": ""}, {"template": "parcel"}, {"variables": {"name": "Ana"}}], ids=["neither", "both", "values"]
)
def test_a_message_has_one_wording(fields: dict[str, Any]) -> None:
    """Either a text or a template, and variables for a template alone."""
    with pytest.raises(ValidationError, match=r"either text or template|variables fill in"):
        message(**fields)


def test_times_are_moments() -> None:
    """A time to send at is told in any zone."""
    assert message(send_at="2026-11-22T11:00:00+01:00").send_at_ms == 1_795_341_600_000
    assert MoveRequest.model_validate_json('{"send_at": "2026-11-22T10:00:00Z"}').send_at_ms == 1_795_341_600_000


def test_small_bodies_are_as_strict() -> None:
    """Outcomes and opt-outs are one of their words."""
    assert OptOutRequest.model_validate_json("{}").scope == "promotional"
    for model, body in ((OutcomeRequest, '{"outcome": "unknown"}'), (OptOutRequest, '{"scope": "some"}')):
        with pytest.raises(ValidationError):
            model.model_validate_json(body)
