"""What admins read of providers, routes and policies, as openapi.yaml shapes it."""

from collections.abc import Collection
from typing import Any

from otp_service.domain.policy import Policy
from otp_service.domain.routes.rules import Ask, Hours, Rule
from otp_service.domain.times import rfc3339_or_none
from otp_service.service.admin import policies
from otp_service.service.admin.policy_fields import Field
from otp_service.service.admin.providers import Carrier, Ill
from otp_service.web.admin.resources import Resource


def provider(found: Carrier) -> Resource:
    """A provider: what is in force, what the configuration says, and where it is ill."""
    entry, in_force, ill = found.entry, found.in_force, found.ill
    return {
        "name": entry.name,
        "kind": entry.kind,
        "enabled": in_force.enabled,
        "weight": in_force.weight,
        "priority": in_force.priority,
        "configured": {"enabled": entry.enabled, "weight": entry.weight},
        "switched": {"enabled": found.switch.enabled, "weight": found.switch.weight},
        "test_only": entry.test_only,
        "countries": _sorted(entry.countries),
        "health": "unknown" if ill is None else "ill" if ill else "well",
        "ill": [_ill(each) for each in ill or ()],
    }


def rule(found: Rule) -> Resource:
    """A route of the configuration; what is null asks for nothing."""
    return {
        "name": found.name,
        "forbids": found.forbids,
        "reason": found.reason or None,
        "applications": _sorted(found.applications),
        "classes": _sorted(found.classes),
        "countries": _sorted(found.countries),
        "prefixes": _sorted(found.prefixes),
        "purposes": _sorted(found.purposes),
        "channels": _sorted(found.channels),
        "hours": None if found.hours is None else _hours(found.hours),
        "receipt_timeout_s": found.receipt_timeout_s,
        "max_price_micros": found.max_price_micros,
        "providers": None if found.asks is None else [_ask(each) for each in found.asks],
    }


def field(policy: Policy | None, found: Field) -> Resource:
    """A field of a policy, as it is in one if that is given."""
    return {
        "field": found.name,
        "meaning": found.meaning,
        "kind": found.kind,
        "choices": list(found.choices),
        "least": found.least,
        "most": found.most,
        "default": found.default,
        "value": None if policy is None else found.value(policy),
        "is_set": None if policy is None else _is_set(policies.overrides(policy), found.name),
    }


def _is_set(overrides: Any, name: str) -> bool:
    for part in name.split("."):
        if not isinstance(overrides, dict) or part not in overrides:
            return False
        overrides = overrides[part]
    return True


def _ill(found: Ill) -> Resource:
    return {"country": found.country, "state": found.state, "until": rfc3339_or_none(found.until_ms)}


def _ask(found: Ask) -> Resource:
    return {
        "name": found.name,
        "priority": found.priority,
        "weight": found.weight,
        "max_price_micros": found.max_price_micros,
    }


def _hours(found: Hours) -> Resource:
    return {"begin": found.begin.isoformat("minutes"), "end": found.end.isoformat("minutes"), "zone": str(found.zone)}


def _sorted(found: Collection[str] | None) -> list[Any] | None:
    return None if found is None else sorted(found)
