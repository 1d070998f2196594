"""The factor endpoints: parse, one call to the service, render."""

from importlib import import_module
from typing import Any

from flask import Blueprint, Response, request

from otp_service.domain.factors.requests import ConfirmRequest, EnrolRequest, FactorCheckRequest, ResyncRequest
from otp_service.domain.times import rfc3339, rfc3339_or_none
from otp_service.service.factors import checking, enrolling, listing, removing
from otp_service.service.factors.enrolling import Enrolled
from otp_service.service.factors.listing import Shown, Standing
from otp_service.service.factors.trying import Verdict
from otp_service.service.once import once
from otp_service.web.context import caller, core, idempotent
from otp_service.web.fields import user_in
from otp_service.web.parsing import json_body
from otp_service.web.rendering import answer

blueprint = Blueprint("factors", __name__)
SCOPE = "factors"
PICTURES = "otp_service.service.factors.pictures"

Json = dict[str, Any]


@blueprint.post("/v1/factors")
def post_factor() -> Response:
    who = caller(SCOPE)
    body, raw = json_body(EnrolRequest)
    return answer(once(core(), idempotent(who, raw), lambda: _enrolled(enrolling.enrol(core(), who, body))), 201)


@blueprint.post("/v1/factors/<id>/confirm")
def post_confirm(id: str) -> Response:
    who = caller(SCOPE)
    body, raw = json_body(ConfirmRequest)
    return answer(once(core(), idempotent(who, raw), lambda: verdict(checking.confirm(core(), who, id, body.code))))


@blueprint.post("/v1/factors/<id>/resync")
def post_resync(id: str) -> Response:
    who = caller(SCOPE)
    body, raw = json_body(ResyncRequest)
    return answer(once(core(), idempotent(who, raw), lambda: verdict(checking.resync(core(), who, id, body.codes))))


@blueprint.post("/v1/factors/check")
def post_check() -> Response:
    who = caller(SCOPE)
    body, raw = json_body(FactorCheckRequest)
    return answer(once(core(), idempotent(who, raw), lambda: verdict(checking.check(core(), who, body))))


@blueprint.get("/v1/factors/<id>")
def get_factor(id: str) -> Response:
    return answer(factor(listing.one(core(), caller(SCOPE), id)))


@blueprint.delete("/v1/factors/<id>")
def delete_factor(id: str) -> Response:
    return answer(factor(removing.remove(core(), caller(SCOPE), id, request.headers.get("Step-Up"))))


@blueprint.get("/v1/users/<user:user>/factors")
def list_factors(user: str) -> Response:
    return answer(_standing(listing.standing(core(), caller(SCOPE), user_in(user))))


def factor(shown: Shown) -> Json:
    """A factor as callers see it; never its secret."""
    found = shown.factor
    return {
        "id": found.id,
        "type": found.type,
        "status": found.status,
        "label": shown.label,
        "issuer": shown.issuer,
        "algorithm": found.algorithm,
        "digits": found.digits,
        "period_s": found.period_s,
        "codes_left": shown.codes_left,
        "created_at": rfc3339(found.created_at),
        "confirmed_at": rfc3339_or_none(found.confirmed_at),
        "used_at": rfc3339_or_none(found.used_at),
        "expires_at": rfc3339_or_none(found.expires_at),
    }


def verdict(found: Verdict) -> Json:
    """What became of a code."""
    known = found.factor
    return {
        "valid": found.valid,
        "reason": found.reason,
        "factor": known and known.id,
        "type": known and known.type,
        "attempts_left": found.attempts_left,
        "codes_left": found.codes_left,
        "proof": found.proof,
        "trust_token": found.trust_token,
    }


def _enrolled(made: Enrolled) -> Json:
    found = factor(made.shown)
    if made.codes:
        return found | {"codes": list(made.codes)}
    return found | {"secret": made.secret, "uri": made.uri, "qr_svg": _picture(made.uri or "")}


def _picture(uri: str) -> str:
    drawn: str = import_module(PICTURES).qr_svg(uri)
    return drawn


def _standing(found: Standing) -> Json:
    return {
        "items": [factor(each) for each in found.factors],
        "next_cursor": None,
        "attempts_left": found.attempts_left,
        "locked_until": rfc3339_or_none(found.locked_until_ms),
        "disabled": found.disabled,
    }
