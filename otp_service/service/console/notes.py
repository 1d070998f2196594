"""Notes that a browser carries for us between two requests: sealed, tied to it, short-lived, some good for one use."""

import hashlib
import json
from typing import Any

from otp_service.domain.errors import Refusal
from otp_service.domain.keys import UnknownKid
from otp_service.service.console.sessions import tied
from otp_service.service.core import Core, now_ms, random_bytes

LIVES_MS = 10 * 60 * 1000


def write(core: Core, purpose: str, token: str, **data: Any) -> str:
    """A note for the browser that holds this token."""
    body = json.dumps(data | {"until": now_ms() + LIVES_MS})
    return core.ring.seal(body.encode(), _bound(purpose, token), random_bytes(12))


def read(core: Core, purpose: str, token: str, note: str) -> dict[str, Any]:
    """What a note says; Refusal unauthenticated if it is another's, or old."""
    try:
        data: dict[str, Any] = json.loads(core.ring.open(note, _bound(purpose, token)))
    except (UnknownKid, ValueError):
        raise Refusal("unauthenticated", "this page is not of your browser's session: load it again") from None
    if now_ms() >= data["until"]:
        raise Refusal("unauthenticated", "this page has waited too long: load it again")
    return data


def use(core: Core, purpose: str, token: str, note: str) -> dict[str, Any]:
    """The same, once."""
    data = read(core, purpose, token, note)
    name = f"{{console}}:used:{hashlib.sha256(note.encode()).hexdigest()}"
    if core.link.command("SET", name, "1", "NX", "PX", LIVES_MS) is None:
        raise Refusal("unauthenticated", "this page was used before: load it again")
    return data


def _bound(purpose: str, token: str) -> str:
    return f"console/{purpose}/{tied(token, purpose)}"
