"""The log of refusals, read on from where a reader left off."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from otp_service.store.keys import cell_tag, refusals_key
from otp_service.store.link import Link

BATCH = 1000
START = "0-0"


@dataclass(frozen=True, slots=True)
class Refused:
    """One refusal, or what would have been one: which code, of whom, where to."""

    at_ms: int
    code: str
    mode: str  # enforce | shadow
    application: str
    country: str
    block: str
    test: bool
    asked_for: str = "code"  # or message, check


def after(link: Link, cell: int, last: str) -> tuple[list[Refused], str]:
    """The next entries of one cell's log, and the id of the last; as many as BATCH if there may be more."""
    found = list(_entries(link.command("XRANGE", refusals_key(cell_tag(cell)), f"({last}", "+", "COUNT", BATCH)))
    return [_refused(fields) for _, fields in found], found[-1][0] if found else last


def _entries(reply: Any) -> Iterator[tuple[str, dict[str, str]]]:
    for id_, pairs in reply or ():
        flat = [item for pair in pairs.items() for item in pair] if isinstance(pairs, dict) else pairs
        words = [_text(word) for word in flat]
        yield _text(id_), dict(zip(words[::2], words[1::2], strict=True))


def _refused(fields: dict[str, str]) -> Refused:
    """An entry of whichever release; what it does not tell is empty."""
    try:
        detail = json.loads(fields.get("d") or "{}")
    except ValueError:
        detail = {}
    person = detail.get("person") or {}
    return Refused(
        int(fields.get("at") or 0),
        fields.get("code", ""),
        fields.get("m", "enforce"),
        detail.get("application") or "",
        person.get("country") or "",
        person.get("block") or "",
        bool(detail.get("test")),
        detail.get("asked_for") or "code",
    )


def _text(word: bytes | str) -> str:
    return word.decode() if isinstance(word, bytes) else word
