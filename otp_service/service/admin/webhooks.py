"""Webhooks, for admins: where events go, by which keys they are signed, and what is sent again."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from otp_service.domain.errors import Refusal, invalid_field
from otp_service.domain.events import FILTERS
from otp_service.domain.keys import NONCE_BYTES, b64
from otp_service.domain.webhook_signature import PRIVATE, SECRET, SECRET_BYTES, key_text, public_key
from otp_service.domain.webhooks import OVERLAP_S
from otp_service.ledger import deliveries, pages, replays, webhooks
from otp_service.ledger.changes import Change
from otp_service.ledger.deliveries import Delivery
from otp_service.ledger.ids import new_id
from otp_service.ledger.paging import Page
from otp_service.ledger.webhooks import Kind, Secret, Webhook
from otp_service.service.admin.opening import changing, looking, owner, stored
from otp_service.service.core import Core, now_ms, random_bytes

MOST_OVERLAP_S = 7 * 86_400
PREFIXES: dict[Kind, str] = {"hmac": SECRET, "ed25519": PRIVATE}


@dataclass(frozen=True, slots=True)
class Shown:
    """An endpoint, the public keys that verify what it is sent, and its last deliveries."""

    webhook: Webhook
    public_keys: Sequence[str] = ()
    deliveries: Sequence[Delivery] = ()


@dataclass(frozen=True, slots=True)
class Keyed:
    """An endpoint with a fresh secret, which nobody can show again."""

    shown: Shown
    secret: str = field(repr=False)


def create(
    core: Core,
    actor: str,
    url: str,
    types: Sequence[str] = (),
    *,
    application: str | None = None,
    ed25519: bool = False,
) -> Keyed:
    """A new endpoint of one application, or of all and the operator, with a secret and maybe a key pair."""
    _reachable(core, url)
    _known(types)
    with changing(core, actor) as change:
        of = owner(change.connection, application).id if application is not None else None
        made = webhooks.create(change, of, url, types)
        return _keyed(core, change, made, ("hmac", "ed25519") if ed25519 else ("hmac",))


def update(core: Core, actor: str, id: str, fields: dict[str, Any]) -> Shown:
    """Another URL or other types, or disabled or enabled; what is not named stays."""
    if "url" in fields:
        _reachable(core, fields["url"])
    if "types" in fields:
        _known(fields["types"])
    with _changing(core, actor, id) as (change, found):
        return _shown(core, change, webhooks.set_fields(change, found, fields))


def remove(core: Core, actor: str, id: str) -> Shown:
    """Deletes an endpoint, and answers it."""
    with _changing(core, actor, id) as (change, found):
        webhooks.remove(change, found)
        return Shown(found)


def rotate(core: Core, actor: str, id: str, overlap_s: int = OVERLAP_S) -> Keyed:
    """Fresh keys of the kinds that the endpoint has; the old ones sign beside them for the overlap."""
    if not 0 <= overlap_s <= MOST_OVERLAP_S:
        raise invalid_field("overlap_s", f"must be from 0 to {MOST_OVERLAP_S}")
    with _changing(core, actor, id) as (change, found):
        kinds = {secret.kind for secret in _secrets(change, found)}
        webhooks.retire_secrets(change, found, overlap_s * 1000)
        return _keyed(core, change, found, [kind for kind in PREFIXES if kind in kinds or kind == "hmac"])


def test(core: Core, actor: str, id: str) -> str:
    """Sends an event of type webhook.test to this endpoint alone; the event's id."""
    with _changing(core, actor, id) as (change, found):
        _alive(found)
        return replays.test(change, found, b64(random_bytes(8)))


def replay(
    core: Core, actor: str, id: str, *, event: str | None = None, from_ms: int | None = None, to_ms: int | None = None
) -> int:
    """Sends one event again, or whatever of a time was not delivered; how many events that is."""
    with _changing(core, actor, id) as (change, found):
        _alive(found)
        if event is not None:
            return replays.one(change, found, stored(event))
        return replays.between(change, found, from_ms or 0, now_ms() if to_ms is None else to_ms)


def get(core: Core, id: str) -> Shown:
    """One endpoint with its last deliveries."""
    with looking(core) as connection:
        found = webhooks.require(connection, stored(id))
        secrets = webhooks.secrets(connection, [found.id], now_ms())[found.id]
        return Shown(found, _public_keys(core, secrets), deliveries.recent(connection, found.id))


def page(core: Core, limit: int, cursor: str | None = None, application: str | None = None) -> Page[Webhook]:
    """Some of the endpoints, oldest first; of one application or of all."""
    with looking(core) as connection:
        of = owner(connection, application).id if application is not None else None
        return pages.webhooks_page(connection, of, limit, cursor)


@contextmanager
def _changing(core: Core, actor: str, id: str) -> Iterator[tuple[Change, Webhook]]:
    with changing(core, actor) as change:
        yield change, webhooks.require(change.connection, stored(id))


def _keyed(core: Core, change: Change, found: Webhook, kinds: Sequence[Kind]) -> Keyed:
    fresh = {kind: key_text(PREFIXES[kind], random_bytes(SECRET_BYTES)) for kind in kinds}
    for kind, text in fresh.items():
        id_ = new_id("whs")
        sealed = core.ring.seal(text.encode(), id_, random_bytes(NONCE_BYTES))
        webhooks.add_secret(change, found, kind, id_, sealed)
    return Keyed(_shown(core, change, found), fresh["hmac"])


def _shown(core: Core, change: Change, found: Webhook) -> Shown:
    return Shown(found, _public_keys(core, _secrets(change, found)), deliveries.recent(change.connection, found.id))


def _secrets(change: Change, found: Webhook) -> Sequence[Secret]:
    return webhooks.secrets(change.connection, [found.id], change.at_ms)[found.id]


def _public_keys(core: Core, secrets: Sequence[Secret]) -> list[str]:
    opened = (core.ring.open(each.sealed, each.id).decode() for each in secrets if each.kind == "ed25519")
    return [public_key(private) for private in opened]


def _reachable(core: Core, url: str) -> None:
    try:
        core.webhook_reach.target(url)
    except ValueError as error:
        raise invalid_field("url", str(error)) from None


def _known(types: Sequence[str]) -> None:
    if not set(types) <= set(FILTERS):
        raise invalid_field("types", f"there is one that is unknown; known are {', '.join(FILTERS)}")
    if len(set(types)) < len(types):
        raise invalid_field("types", "name each type once")


def _alive(found: Webhook) -> None:
    if not found.enabled:
        raise Refusal("conflict", "this webhook is disabled: enable it first")
