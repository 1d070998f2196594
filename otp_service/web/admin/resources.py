"""What admins read: the resources of the admin API, as openapi.yaml shapes them."""

from collections.abc import Callable
from typing import Any, TypeVar

from otp_service.domain.templates.lint import Finding
from otp_service.domain.times import rfc3339, rfc3339_or_none
from otp_service.ledger.applications import Application
from otp_service.ledger.audit import Entry
from otp_service.ledger.blocks import Block
from otp_service.ledger.keys import ApiKey
from otp_service.ledger.pages import Disabled, Saved
from otp_service.ledger.paging import Page
from otp_service.service.admin import applications, blocks, locks, policies
from otp_service.service.admin.block_files import Imported
from otp_service.service.admin.keys import Created
from otp_service.service.admin.limits import Counted
from otp_service.service.admin.locks import Lock
from otp_service.service.admin.previews import Preview
from otp_service.service.admin.templates import Judged
from otp_service.service.core import Core

Resource = dict[str, Any]
Item = TypeVar("Item")


def page(found: Page[Item], render: Callable[[Item], Resource]) -> Resource:
    """A page of any list."""
    return {"items": [render(item) for item in found.items], "next_cursor": found.next_cursor}


def application(core: Core, found: Application) -> Resource:
    """An application: the policy in force, what of it was set, and what an hour can cost at most."""
    return {
        "id": found.id,
        "name": found.name,
        "created_at": rfc3339(found.created_at),
        "policy": found.policy.model_dump(mode="json"),
        "overrides": policies.overrides(found.policy),
        "most_per_hour_micros": applications.most_an_hour_costs(core, found),
    }


def key(found: ApiKey) -> Resource:
    """An API key without its secret."""
    return {
        "id": found.id,
        "application": found.application_id,
        "name": found.name,
        "scopes": sorted(found.scopes),
        "test": found.test,
        "ips": list(found.ips),
        "created_at": rfc3339(found.created_at),
        "expires_at": rfc3339_or_none(found.expires_at),
        "revoked_at": rfc3339_or_none(found.revoked_at),
    }


def created_key(created: Created) -> Resource:
    """A new API key with its text, this once."""
    return {"key": created.text, **key(created.key)}


def template(found: Saved) -> Resource:
    """A template that an application saved."""
    return {
        "application": found.application_id,
        "name": found.name,
        "locale": found.locale,
        "version": found.version,
        "body": found.body,
        "kind": found.kind,
        "smart_encoding": found.smart_encoding,
        "vendor_ids": found.vendor_ids,
        "created_at": rfc3339(found.created_at),
    }


def judged_template(judged: Judged) -> Resource:
    """A template that was just saved, with its findings."""
    return {**template(judged.saved), "findings": [finding(each) for each in judged.findings]}


def finding(found: Finding) -> Resource:
    """Something to know about a template, with its place in the body if it has one."""
    told = {"severity": found.severity, "code": found.code, "detail": found.detail}
    return told if found.position is None else {**told, "position": found.position}


def preview(found: Preview) -> Resource:
    """A text that nobody was sent."""
    return {
        "name": found.template.name,
        "locale": found.template.locale,
        "version": found.template.version,
        "kind": found.template.kind,
        "text": found.text,
        "encoding": found.size.encoding,
        "units": found.size.units,
        "segments": list(found.parts),
        "country": found.country,
        "price_micros": found.price_micros,
        "findings": [finding(each) for each in found.findings],
    }


def block(core: Core, found: Block) -> Resource:
    """A block or an allow; a number is masked."""
    return {
        "id": found.id,
        "application": found.application_id,
        "kind": found.kind,
        "value": blocks.shown(core, found),
        "reason": found.reason,
        "created_at": rfc3339(found.created_at),
        "expires_at": rfc3339_or_none(found.expires_at),
    }


def imported(found: Imported) -> Resource:
    """What became of a file's rows."""
    return {"added": found.added, "changed": found.changed, "unchanged": found.unchanged}


def limits(counted: Counted) -> Resource:
    """What limits count now."""
    states = [
        {
            "scope": each.scope,
            "amount": each.amount,
            "period_s": each.period_s,
            "used": each.used,
            "left": each.left,
            "retry_after_s": each.retry_after_s,
            "free_at": rfc3339_or_none(each.free_ms),
        }
        for each in counted.limits
    ]
    return {
        "application": counted.application_id,
        "to": counted.to,
        "ip": counted.ip,
        "device_id": counted.device,
        "user": counted.user,
        "limits": states,
    }


def lock(found: Lock) -> Resource:
    """A number's failure lock."""
    return {
        "application": found.application_id,
        "to": found.to,
        "failures": found.failures,
        "failures_of_strangers": found.strangers,
        "last_failure_at": rfc3339_or_none(found.last_ms),
        "locked_until": rfc3339_or_none(found.locked_until_ms),
        "disabled": found.disabled,
    }


def disabled(core: Core, found: Disabled) -> Resource:
    """A number that is disabled."""
    return {
        "application": found.application_id,
        "to": locks.shown(core, found),
        "failures": found.failures,
        "locked_at": rfc3339(found.locked_at),
    }


def audit_entry(entry: Entry) -> Resource:
    """One thing that an admin did."""
    return {
        "seq": entry.seq,
        "at": rfc3339(entry.at),
        "actor": entry.actor,
        "act": entry.act,
        "application": entry.application_id,
        "target": entry.target,
        "before": entry.before,
        "after": entry.after,
        "kid": entry.kid,
        "prev_hash": entry.prev_hash,
        "hash": entry.hash,
    }
