"""Envelopes of messages."""

from typing import Any

import pytest

from otp_service.domain.envelopes import UNSAID, read, written

FULL: dict[str, Any] = {
    "to": "+41791234567",
    "segments": 0,
    "template": None,
    "variables": {"name": "Eve"},
    "binding": {"amount": "1"},
    "metadata": {"a": "b"},
    "test": True,
    "code": "123456",
    "sender": "Shop",
    "dlt": {"entity_id": "1", "template_id": "2"},
    "webotp_host": "example.com",
    "android_app_hash": "x",
    "ip": "203.0.113.7",
    "device": "d",
    "user": "u",
    "named": "default",
}


def test_an_envelope_reads_back_as_it_was_written() -> None:
    """Whatever it says, in full or with nothing in any of the places that may be empty."""
    assert read(written(FULL)) == FULL
    for name, nothing in UNSAID.items():
        envelope = {**FULL, name: nothing}
        assert read(written(envelope)) == envelope


def test_what_says_nothing_takes_no_room() -> None:
    """Of an envelope that says only what it must, nothing else is written."""
    assert written({"to": "+41791234567", **UNSAID}) == b'{"to":"+41791234567"}'


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'"to"'])
def test_what_is_no_object_is_no_envelope(raw: bytes) -> None:
    """A courier that opens one makes it a dead letter."""
    with pytest.raises(ValueError, match=r"JSON|EOF|expected"):
        read(raw)
