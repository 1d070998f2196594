"""What admins read of refusals and the brake, as openapi.yaml shapes it."""

from otp_service.domain.times import rfc3339, rfc3339_or_none
from otp_service.service.admin.refusals import Explained, Told
from otp_service.service.core import Core
from otp_service.web.admin import resources
from otp_service.web.admin.resources import Resource


def refusal(told: Told) -> Resource:
    """A refusal: the number masked, where from and for whom as keyed indices."""
    found = told.refused
    person = found.detail.get("person") or {}
    return {
        "reference": told.reference,
        "at": rfc3339(found.at_ms),
        "code": found.code,
        "mode": found.mode,
        "request_id": found.request,
        "application": found.detail.get("application"),
        "test": bool(found.detail.get("test")),
        "purpose": found.detail.get("purpose"),
        "to": told.to,
        "country": person.get("country"),
        "client": dict(found.detail.get("client") or {}),
        "reasons": list(told.reasons),
        "evidence": [dict(each) for each in found.evidence],
        "lifts_at": rfc3339_or_none(told.lifts_ms),
        "exemptions": list(told.exemptions),
    }


def explained(core: Core, found: Explained) -> Resource:
    """A refusal with the blocks that meet it now."""
    return {**refusal(found.told), "blocks": [resources.block(core, each) for each in found.blocks]}
