"""The way back: the product's own address, with its state and a short signed word of what came of the page."""

from typing import Any
from urllib.parse import urlencode

from otp_service.domain import proof
from otp_service.domain.keys import b64, mac
from otp_service.domain.pages.page import Page
from otp_service.service.callers import Caller
from otp_service.service.core import Core

LIFE_S = 300
MOST_CHARACTERS = 8192  # a proof is among its claims
# After the application's id: not the audience of proofs, so that no result is taken for one, whatever its claims
# (RFC 8725, section 3.9).
AUDIENCE = "/pages"


def way_back(core: Core, page: Page, outcome: str, **told: str | int | None) -> dict[str, str]:
    """What the product gets: its `state` if it gave one, and the `result`."""
    found = {"result": _result(core, page, outcome, told)}
    return found | ({"state": page.state} if page.state else {})


def address(page: Page, told: dict[str, str]) -> str:
    """The return address with what the product gets."""
    return f"{page.return_url}{'&' if '?' in page.return_url else '?'}{urlencode(told)}"


def read(core: Core, caller: Caller, text: str, user: str, at_ms: int) -> dict[str, Any] | None:
    """What a result claims of this user; None unless it was signed here for the caller's application, and is fresh."""
    whose = {"issuer": core.public_url, "application": caller.application.id + AUDIENCE}
    found = proof.read(core.ring, text, **whose, now_s=at_ms // 1000, most=MOST_CHARACTERS)
    return found if found and found.get("user") == user else None


def _result(core: Core, page: Page, outcome: str, told: dict[str, str | int | None]) -> str:
    """A JWT by the keys of proofs. It is none: its audience is another, its subject the page, and it has no `amr`."""
    at_s = core.clock() // 1000
    claims: dict[str, Any] = {
        "iss": core.public_url,
        "aud": page.application + AUDIENCE,
        "sub": page.id,
        "jti": b64(mac(core.index_key, "page-result", page.id, outcome)[:16]),
        "iat": at_s,
        "exp": at_s + LIFE_S,
        "kind": page.kind,
        "outcome": outcome,
        "verification": page.verification,
        "user": page.user,
        "state": page.state,
        **told,
    }
    return proof.sign(core.ring, {name: value for name, value in claims.items() if value is not None})
