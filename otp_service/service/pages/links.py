"""The link of a page: a sealed token that holds all there is to know of it; it opens for as long as its key may ask."""

from dataclasses import dataclass

from otp_service.domain.errors import Refusal
from otp_service.domain.keys import NONCE_BYTES, UnknownKid, b64, mac
from otp_service.domain.pages.page import Page, read, written
from otp_service.domain.pages.returning import is_allowed
from otp_service.ledger.keys import ApiKey
from otp_service.service.callers import Caller
from otp_service.service.core import Core, fresh_operation, random_bytes
from otp_service.store.operation import Operation

BOUND = "page"
MOST_TOKEN = 8192
# What a key must be allowed for a page to do the same.
NEEDS = {
    "code": frozenset({"verifications:start", "verifications:check"}),
    "enrol": frozenset({"factors"}),
    "confirm": frozenset({"factors"}),
    "check": frozenset({"factors"}),
}


@dataclass(frozen=True, slots=True)
class Visit:
    """A page that somebody opened, and the caller in whose name it asks; once its time is over it only leads back."""

    page: Page
    caller: Caller
    is_late: bool


def token_of(core: Core, page: Page) -> str:
    """The page as its link holds it."""
    return core.ring.seal(written(page), BOUND, random_bytes(NONCE_BYTES))


def opened(core: Core, token: str) -> Visit:
    """The page of a link; Refusal not_found for one that was never made here, or that nobody stands for any more."""
    try:
        page = read(core.ring.open(token, BOUND)) if len(token) <= MOST_TOKEN else None
    except (UnknownKid, ValueError, TypeError):
        page = None
    caller = _caller(core, page) if page else None
    if page is None or caller is None:
        raise Refusal("not_found", "there is no such page")
    return Visit(page, caller, core.clock() >= page.until_ms)


def operation(core: Core, page: Page, form: str, act: str, *typed: str) -> Operation:
    """What a form of a page asks for: sent twice it is the same, with another code in it another."""
    digest = b64(mac(core.index_key, "page", page.id, form, act, *typed)[:18])
    return Operation(b64(mac(core.index_key, "operation", digest)[:12]), digest, digest, fresh_operation())


def _caller(core: Core, page: Page) -> Caller | None:
    snapshot = core.snapshot()
    key, application = snapshot.keys.get(page.key), snapshot.applications.get(page.application)
    if key is None or application is None or not _stands(key, page, core.clock()):
        return None
    hosts = application.policy.return_hosts
    if not all(is_allowed(place, hosts, production=core.production) for place in _places(page)):
        return None
    realm = f"{application.id}/test" if page.test else application.id
    return Caller(key.id, application, realm, key.scopes, page.test)


def _places(page: Page) -> list[str]:
    """The addresses that a page leads to or loads from."""
    return [page.return_url, *([page.look.logo] if page.look.logo else [])]


def _stands(key: ApiKey, page: Page, now_ms: int) -> bool:
    """Whether the key that made a page may still do what the page does."""
    current = key.revoked_at is None and (key.expires_at is None or now_ms < key.expires_at)
    theirs = (key.application_id, key.test) == (page.application, page.test)
    return current and theirs and NEEDS.get(page.kind, frozenset({""})) <= key.scopes
