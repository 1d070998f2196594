"""Webhooks: where events go, and the keys that sign them; the keys are kept sealed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, delete, insert, or_, select, update

from otp_service.domain.errors import Refusal
from otp_service.domain.events import OPERATOR, Event
from otp_service.ledger import applications, audit
from otp_service.ledger.changes import Change
from otp_service.ledger.events import record
from otp_service.ledger.ids import new_id
from otp_service.ledger.schema import webhook_deliveries, webhook_secrets, webhooks

Kind = Literal["hmac", "ed25519"]
DISABLED = "disabled"  # the answer of a delivery whose endpoint was disabled before it came


@dataclass(frozen=True, slots=True)
class Webhook:
    """An endpoint of one application, or of all and of the operator where `application_id` is None."""

    id: str
    application_id: str | None
    url: str
    types: tuple[str, ...]
    enabled: bool
    disabled_reason: str | None  # admin | gone | failing
    disabled_at: int | None
    failing_since: int | None
    created_at: int


@dataclass(frozen=True, slots=True)
class Secret:
    """A key that signs; `sealed` is bound to `id`."""

    id: str
    kind: Kind
    sealed: str = field(repr=False)
    ends_at: int | None = None


def create(change: Change, application_id: str | None, url: str, types: Collection[str]) -> Webhook:
    """A new endpoint without a key; `not_found` if there is no such application."""
    if application_id is not None:
        applications.require(change.connection, application_id)
    made = Webhook(new_id("whk"), application_id, url, tuple(types), True, None, None, None, change.at_ms)
    row = {name: getattr(made, name) for name in Webhook.__slots__} | {"types": list(types)}
    change.connection.execute(insert(webhooks).values(row))
    _audit(change, "webhook.create", made, after=_said(made))
    return made


def set_fields(change: Change, found: Webhook, fields: dict[str, Any]) -> Webhook:
    """Put another URL or other types in force, or disable or enable it; what changes nothing is not audited."""
    now = {"url": found.url, "types": list(found.types), "enabled": found.enabled}
    values = {name: value for name, value in fields.items() if now[name] != value}
    if not values:
        return found
    if "enabled" in values:
        reason = None if values["enabled"] else "admin"
        values |= {"disabled_reason": reason, "disabled_at": change.at_ms if reason else None, "failing_since": None}
    changed = _update(change, found, values)
    if not changed.enabled:
        _give_up(change, found.id)
    _audit(change, "webhook.set", changed, before=_said(found), after=_said(changed))
    return changed


def disable(change: Change, id: str, reason: str) -> bool:
    """Give an endpoint up, and tell: False if it is gone or disabled already."""
    found = read(change.connection, id)
    if found is None or not found.enabled:
        return False
    values = {"enabled": False, "disabled_reason": reason, "disabled_at": change.at_ms}
    changed = _update(change, found, values)
    _give_up(change, id)
    _audit(change, "webhook.disable", changed, before=_said(found), after=_said(changed))
    data = {"id": id, "reason": reason}
    record(
        change.connection,
        [Event("webhook.disabled", id, found.application_id or OPERATOR, change.at_ms, data, str(change.at_ms))],
    )
    return True


def remove(change: Change, found: Webhook) -> None:
    """Delete an endpoint with its keys and deliveries."""
    # Its row first, as everybody who changes deliveries takes it.
    change.connection.execute(select(webhooks.c.id).where(webhooks.c.id == found.id).with_for_update())
    for table, column in (
        (webhook_deliveries, webhook_deliveries.c.webhook_id),
        (webhook_secrets, webhook_secrets.c.webhook_id),
        (webhooks, webhooks.c.id),
    ):
        change.connection.execute(delete(table).where(column == found.id))
    _audit(change, "webhook.remove", found, before=_said(found))


def add_secret(change: Change, found: Webhook, kind: Kind, secret_id: str, sealed: str) -> None:
    """Let a new key sign from now on."""
    row = {"id": secret_id, "webhook_id": found.id, "kind": kind, "secret_sealed": sealed, "created_at": change.at_ms}
    change.connection.execute(insert(webhook_secrets).values(row))


def retire_secrets(change: Change, found: Webhook, overlap_ms: int) -> None:
    """End the keys in force after the overlap, and forget those that have ended; a rotation, audited as such."""
    theirs = webhook_secrets.c.webhook_id == found.id
    change.connection.execute(delete(webhook_secrets).where(theirs, webhook_secrets.c.ends_at <= change.at_ms))
    ends = change.at_ms + overlap_ms
    in_force = or_(webhook_secrets.c.ends_at.is_(None), webhook_secrets.c.ends_at > ends)
    change.connection.execute(update(webhook_secrets).where(theirs, in_force).values(ends_at=ends))
    _audit(change, "webhook.rotate", found, after={"overlap_s": overlap_ms // 1000})


def read(connection: Connection, id: str) -> Webhook | None:
    """The endpoint of this id."""
    row = connection.execute(select(webhooks).where(webhooks.c.id == id)).mappings().one_or_none()
    return None if row is None else webhook_of(row)


def require(connection: Connection, id: str) -> Webhook:
    """The endpoint of this id; Refusal not_found if there is none."""
    found = read(connection, id)
    if found is None:
        raise Refusal("not_found", "there is no such webhook")
    return found


def enabled(connection: Connection) -> list[Webhook]:
    """Every endpoint that events go to."""
    return [webhook_of(row) for row in connection.execute(select(webhooks).where(webhooks.c.enabled)).mappings()]


def secrets(connection: Connection, ids: Collection[str], now_ms: int) -> dict[str, list[Secret]]:
    """The keys in force of each of these endpoints, the newest first."""
    in_force = or_(webhook_secrets.c.ends_at.is_(None), webhook_secrets.c.ends_at > now_ms)
    newest = (
        select(webhook_secrets)
        .where(webhook_secrets.c.webhook_id.in_(ids), in_force)
        .order_by(webhook_secrets.c.created_at.desc(), webhook_secrets.c.kind.desc(), webhook_secrets.c.id)
    )
    found: dict[str, list[Secret]] = {id: [] for id in ids}
    for row in connection.execute(newest):
        found[row.webhook_id].append(Secret(row.id, row.kind, row.secret_sealed, row.ends_at))
    return found


def webhook_of(row: RowMapping) -> Webhook:
    """A row as an endpoint."""
    return Webhook(**{**row, "types": tuple(row["types"])})


def _update(change: Change, found: Webhook, values: dict[str, Any]) -> Webhook:
    change.connection.execute(update(webhooks).where(webhooks.c.id == found.id).values(values))
    return require(change.connection, found.id)


def _give_up(change: Change, id: str) -> None:
    """Nothing waits for an endpoint that is disabled; a replay brings it again."""
    waiting = (webhook_deliveries.c.webhook_id == id, webhook_deliveries.c.status == "pending")
    ended = {"status": "failed", "answer": DISABLED, "changed_at": change.at_ms}
    change.connection.execute(update(webhook_deliveries).where(*waiting).values(ended))


def _said(found: Webhook) -> dict[str, Any]:
    types: Sequence[str] = list(found.types)
    # Without its query, in which people put tokens.
    return {
        "url": found.url.partition("?")[0],
        "types": types,
        "enabled": found.enabled,
        "disabled_reason": found.disabled_reason,
    }


def _audit(
    change: Change,
    act: str,
    found: Webhook,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(change, act, application_id=found.application_id, target=found.id, before=before, after=after)
