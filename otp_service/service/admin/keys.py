"""API keys, for admins."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field

from otp_service.domain import apikeys
from otp_service.domain.errors import Refusal, invalid_field
from otp_service.ledger import keys, pages
from otp_service.ledger.keys import ApiKey
from otp_service.ledger.paging import Page
from otp_service.service.admin.fields import future, words
from otp_service.service.admin.opening import changing, looking, owner, stored
from otp_service.service.callers import LIVE_ONLY
from otp_service.service.core import Core, random_bytes

MOST_NAME = 64
MOST_NETWORKS = 64


@dataclass(frozen=True, slots=True)
class Created:
    """A new key, and its text, which nobody can show again."""

    key: ApiKey
    text: str = field(repr=False)

    @property
    def id(self) -> str:
        return self.key.id


def create(
    core: Core,
    actor: str,
    application: str,
    name: str,
    scopes: Sequence[str],
    *,
    test: bool = False,
    ips: Sequence[str] = (),
    expires_ms: int | None = None,
) -> Created:
    """A new key of the application of this id or name; whoever asks holds `admin`, so it may have any scope."""
    words("name", name, least=0, most=MOST_NAME)
    _known_scopes(scopes)
    if test and LIVE_ONLY.intersection(scopes):
        raise invalid_field("scopes", "a test key can't have the scope admin: what admins do is never a test")
    networks, ends = _networks(ips), future("expires_at", expires_ms)
    id_, text = apikeys.make(test, random_bytes(apikeys.ID_BYTES), random_bytes(apikeys.SECRET_BYTES))
    secret = apikeys.hashed(text.split("_")[3])
    with changing(core, actor) as change:
        found = owner(change.connection, application)
        key = keys.create(change, id_, found.id, name, secret, scopes, test=test, ips=networks, expires_at=ends)
    return Created(key, text)


def revoke(core: Core, actor: str, id: str) -> ApiKey:
    """Ends a key; a second time changes nothing; Refusal not_found if there is none of this id."""
    with changing(core, actor) as change:
        keys.revoke(change, stored(id))
        found = pages.key(change.connection, stored(id))
    if found is None:
        raise Refusal("not_found", "there is no such key")
    return found


def page(core: Core, limit: int, cursor: str | None = None, application: str | None = None) -> Page[ApiKey]:
    """Some of the keys, revoked ones too, oldest first; of one application or of all."""
    with looking(core) as connection:
        of = owner(connection, application).id if application is not None else None
        return pages.keys_page(connection, of, limit, cursor)


def listed(core: Core, application: str | None = None) -> list[ApiKey]:
    """Every key, revoked ones too, oldest first; of one application or of all."""
    with looking(core) as connection:
        return keys.listed(connection, owner(connection, application).id if application is not None else None)


def _known_scopes(scopes: Sequence[str]) -> None:
    if not scopes:
        raise invalid_field("scopes", f"name at least one of {', '.join(apikeys.SCOPES)}")
    if not set(scopes) <= set(apikeys.SCOPES):
        raise invalid_field("scopes", f"there is a scope that is unknown; known are {', '.join(apikeys.SCOPES)}")
    if len(set(scopes)) < len(scopes):
        raise invalid_field("scopes", "name each scope once")


def _networks(ips: Sequence[str]) -> list[str]:
    if len(ips) > MOST_NETWORKS:
        raise invalid_field("ips", f"must have at most {MOST_NETWORKS} entries")
    try:
        return [str(ipaddress.ip_network(text.strip(), strict=False)) for text in ips]
    except ValueError:
        raise invalid_field("ips", "each must be an address or a CIDR block such as 203.0.113.0/24") from None
