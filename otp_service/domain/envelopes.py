"""Envelopes: what a courier needs to write a message. Sealed, they wait in Redis, so what says nothing is left out."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json, to_json

# What an envelope that does not speak of it says. Every live verification would keep some 230 bytes of this.
UNSAID: Mapping[str, Any] = {
    "variables": {},
    "binding": {},
    "metadata": {},
    "test": False,
    **dict.fromkeys(("code", "sender", "dlt", "webotp_host", "android_app_hash", "ip", "device", "user", "named")),
}


def written(envelope: Mapping[str, Any]) -> bytes:
    """An envelope as JSON, as short as it can be."""
    return to_json({name: value for name, value in envelope.items() if value or name not in UNSAID})


def read(raw: bytes) -> dict[str, Any]:
    """What written() was given; ValueError for what is no JSON object."""
    told = from_json(raw)
    if not isinstance(told, dict):
        raise ValueError("an envelope is a JSON object")
    return {**UNSAID, **told}
