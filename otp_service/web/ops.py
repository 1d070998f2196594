"""The operator's endpoints: liveness, readiness, metrics, and the keys that verify proofs."""

from typing import cast

from flask import Blueprint, Response, current_app

from otp_service.domain import heads
from otp_service.domain.errors import FieldError, Refusal
from otp_service.domain.proof import jwks
from otp_service.service.health import health
from otp_service.service.truths import Truths
from otp_service.web.context import core
from otp_service.web.metrics import CONTENT_TYPE, exposition
from otp_service.web.rendering import answer

RETRY_S = 5
blueprint = Blueprint("ops", __name__)
metrics_blueprint = Blueprint("metrics", __name__)


@blueprint.get("/livez")
def livez() -> Response:
    return answer({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> Response:
    found = health(core(), cast(Truths, current_app.extensions["truths"]))
    if not found.ready:
        raise _not_ready(found.failing)
    return answer({"status": "ready", "degraded": found.degraded})


def _not_ready(failing: list[str]) -> Refusal:
    parts = (said.partition(": ") for said in failing)
    errors: list[FieldError] = [{"field": name, "code": "failing", "detail": detail} for name, _, detail in parts]
    return Refusal("unavailable", f"not ready: {'; '.join(failing)}", retry_after_s=RETRY_S, errors=errors)


@blueprint.get("/.well-known/jwks.json")
def get_jwks() -> Response:
    response = answer(jwks(core().ring))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@blueprint.get("/.well-known/audit-keys.json")
def get_audit_keys() -> Response:
    response = answer(heads.jwks(core().ring))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@metrics_blueprint.get("/metrics")
def get_metrics() -> Response:
    return Response(exposition(), content_type=CONTENT_TYPE)
