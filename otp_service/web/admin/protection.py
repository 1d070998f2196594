"""What admins read of refusals and the brake, as openapi.yaml shapes it."""

from collections.abc import Sequence

from otp_service.domain.fraud.thresholds import Thresholds
from otp_service.domain.times import rfc3339, rfc3339_or_none
from otp_service.service.admin import fraud
from otp_service.service.admin.fraud import Quarantine, Standing, State
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
        "asked_for": found.asked_for,
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


def standing(found: Standing) -> Resource:
    """What the brake holds of some scopes, the thresholds in force beside it."""
    policy = found.application.policy
    return {
        "application": found.application.id,
        "mode": policy.fraud,
        "challenge": policy.challenge,
        "thresholds": policy.thresholds.model_dump(mode="json"),
        "to": found.to,
        "network": found.network,
        "country": found.country,
        "as_of": rfc3339(found.as_of_ms),
        "states": [_state(policy.thresholds, each) for each in found.states],
        "blocked_by": sorted(found.blocked),
        "allowed_by": sorted(found.allowed),
        "quarantines": [_quarantine(each) for each in found.quarantines],
    }


def quarantines(found: Sequence[Quarantine]) -> Resource:
    """The prefixes in quarantine."""
    return {"items": [_quarantine(each) for each in found], "next_cursor": None}


def _quarantine(found: Quarantine) -> Resource:
    return {
        "application": found.application,
        "prefix": found.prefix,
        "country": found.country,
        "until": rfc3339(found.until_ms),
    }


def _state(thresholds: Thresholds, found: State) -> Resource:
    weak, strong = fraud.may_owe(thresholds, found.scope)
    return {
        "scope": found.scope,
        "at": rfc3339(found.at_ms),
        "owed_micros": found.owed_micros,
        "young_micros": found.young_micros,
        "room_micros": found.room_micros,
        "codes": found.codes,
        "weak_sends": weak,
        "strong_sends": strong,
        "score": found.score,
        "alarm_score": None if found.score is None else thresholds.alarm,
        "quarantined_until": rfc3339_or_none(found.quarantined_until_ms),
        "watched_until": rfc3339_or_none(found.watched_until_ms),
    }


def explained(core: Core, found: Explained) -> Resource:
    """A refusal with the blocks that meet it now."""
    return {**refusal(found.told), "blocks": [resources.block(core, each) for each in found.blocks]}
