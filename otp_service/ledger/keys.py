"""API keys: only their hashes are kept."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field

from sqlalchemy import Connection, RowMapping, insert, select, update

from otp_service.domain.errors import Refusal
from otp_service.ledger import applications, audit
from otp_service.ledger.changes import Change
from otp_service.ledger.schema import api_keys


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key an application calls with; `hash` is whatever the caller compares secrets by."""

    id: str
    application_id: str
    name: str
    hash: str = field(repr=False)
    scopes: frozenset[str]
    test: bool
    ips: tuple[str, ...]
    expires_at: int | None
    revoked_at: int | None
    created_at: int


def create(
    change: Change,
    id: str,
    application_id: str,
    name: str,
    hash: str,
    scopes: Collection[str],
    *,
    test: bool = False,
    ips: Collection[str] = (),
    expires_at: int | None = None,
) -> ApiKey:
    """Keep a new key, whose id and secret the caller made; `not_found` if there is no such application."""
    applications.require(change.connection, application_id)
    key = ApiKey(
        id, application_id, name, hash, frozenset(scopes), test, tuple(ips), expires_at, None, created_at=change.at_ms
    )
    row = asdict(key) | {"scopes": sorted(scopes), "ips": list(ips)}
    change.connection.execute(insert(api_keys).values(row))
    said = {part: row[part] for part in ("name", "scopes", "test", "ips", "expires_at")}
    audit.record(change, "key.create", application_id=application_id, target=id, after=said)
    return key


def revoke(change: Change, id: str) -> None:
    """End a key; a second time changes nothing; `not_found` if there is no such key."""
    row = change.connection.execute(select(api_keys).where(api_keys.c.id == id)).mappings().one_or_none()
    if row is None:
        raise Refusal("not_found", "there is no such key")
    if row["revoked_at"] is None:
        change.connection.execute(update(api_keys).where(api_keys.c.id == id).values(revoked_at=change.at_ms))
        before, after = {"revoked_at": None}, {"revoked_at": change.at_ms}
        audit.record(change, "key.revoke", application_id=row["application_id"], target=id, before=before, after=after)


def listed(connection: Connection, application_id: str | None = None) -> list[ApiKey]:
    """Every key, revoked ones too, oldest first; of one application or of all."""
    oldest = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)
    if application_id is not None:
        oldest = oldest.where(api_keys.c.application_id == application_id)
    return [key_of(row) for row in connection.execute(oldest).mappings()]


def key_of(row: RowMapping) -> ApiKey:
    """A row as a key."""
    return ApiKey(**{**row, "scopes": frozenset(row["scopes"]), "ips": tuple(row["ips"])})
