"""Nothing that must not be logged can come out of the logs, whoever puts it in."""

import json
from typing import Any

import pytest
import structlog

from otp_service import logs
from otp_service.domain import apikeys
from tests.logged import logged

HIDDEN = "•••"


@pytest.mark.parametrize("field", sorted(logs.SECRET_FIELDS))
def test_a_field_with_a_telling_name_is_hidden(field: str) -> None:
    """Codes, texts, numbers, keys and addresses are hidden by the name of their field, whatever they look like."""
    assert logs.redact(None, "info", {field: "harmless", "event": "x"}) == {field: HIDDEN, "event": "x"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sent to +41791234567", f"sent to +4179{HIDDEN}4567"),
        ("the code is 123456!", f"the code is {HIDDEN}!"),
        ("the code is 0123456789", f"the code is {HIDDEN}"),
        ("short +4112345", f"short {HIDDEN}"),
        ("took 1234 ms", "took 1234 ms"),
    ],
)
def test_a_text_is_hidden_by_its_look(text: str, told: str) -> None:
    """Numbers and runs of digits are hidden inside other texts, too, and in lists."""
    assert logs.redact(None, "info", {"event": text, "at": [text]}) == {"event": told, "at": [told]}


def test_an_api_key_is_hidden() -> None:
    """A key that was put into a message does not come out."""
    key = apikeys.make(False, b"i" * 16, b"s" * 32)[1]
    assert logs.scrub(f"used {key} twice") == f"used {HIDDEN} twice"


def test_what_is_written_is_redacted_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every logger writes one JSON line an event, through the redaction."""
    with logged(monkeypatch) as lines:
        structlog.get_logger("any").warning("told +41791234567", code="secret", route="/v1/verifications")
    line: dict[str, Any] = json.loads(lines.getvalue())
    assert (line["event"], line["code"], line["route"]) == (f"told +4179{HIDDEN}4567", HIDDEN, "/v1/verifications")
    assert (line["level"], line["timestamp"][-1]) == ("warning", "Z")
