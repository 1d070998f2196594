"""What a page keeps between two of its steps: a sealed note in its form, good on this page alone."""

import json
from typing import Any

from otp_service.domain.errors import Refusal
from otp_service.domain.keys import NONCE_BYTES, UnknownKid
from otp_service.domain.pages.page import Page
from otp_service.service.core import Core, random_bytes

Note = dict[str, Any]


def write(core: Core, page: Page, **told: Any) -> str:
    """A note."""
    return core.ring.seal(json.dumps(told).encode(), _bound(page), random_bytes(NONCE_BYTES))


def read(core: Core, page: Page, note: str, needed: str) -> Note:
    """What a note says; Refusal not_found if it is none of this page's, or of another step."""
    found = glance(core, page, note)
    if found is None or needed not in found:
        raise Refusal("not_found", "this form is not of this page, or of another step")
    return found


def glance(core: Core, page: Page, note: str) -> Note | None:
    """The same, or None."""
    try:
        found: Note = json.loads(core.ring.open(note, _bound(page)))
    except (UnknownKid, ValueError):
        return None
    return found


def _bound(page: Page) -> str:
    return f"page-note/{page.id}"
