"""The verification endpoints: parse, one call to the service, render."""

from typing import Any, Literal

from flask import Blueprint, Response, g

from otp_service.domain.requests import CheckRequest, ResendRequest, StartRequest
from otp_service.domain.times import rfc3339, rfc3339_or_none
from otp_service.service import history, lookup
from otp_service.service.check import Result, check
from otp_service.service.history import MessageState, Past
from otp_service.service.start import start
from otp_service.store.verifications import Started
from otp_service.web.context import caller, core, idempotent
from otp_service.web.fields import ListQuery
from otp_service.web.parsing import json_body, query
from otp_service.web.rendering import answer

blueprint = Blueprint("verifications", __name__)
START, CHECK = "verifications:start", "verifications:check"


class VerificationQuery(ListQuery):
    """The query of GET /v1/verifications."""

    status: Literal["pending", "approved", "failed", "expired", "canceled"] | None = None


@blueprint.post("/v1/verifications")
def post_verification() -> Response:
    who = caller(START)
    body, raw = json_body(StartRequest)
    started, to = start(core(), who, body, idempotent(who, raw), g.request_id)
    return answer(_started(started, to, body.purpose), 201 if started.new else 200)


@blueprint.post("/v1/verifications/check")
def post_check() -> Response:
    who = caller(CHECK)
    body, raw = json_body(CheckRequest)
    return answer(_checked(check(core(), who, body, idempotent(who, raw), g.request_id)))


@blueprint.get("/v1/verifications/<id>")
def get_verification(id: str) -> Response:
    return answer(_resource(lookup.get(core(), caller(START, CHECK), id)))


@blueprint.delete("/v1/verifications/<id>")
def delete_verification(id: str) -> Response:
    return answer(_resource(lookup.cancel(core(), caller(START), id, g.request_id)))


@blueprint.post("/v1/verifications/<id>/resend")
def post_resend(id: str) -> Response:
    who = caller(START)
    body, raw = json_body(ResendRequest, optional=True)
    started, to, purpose = lookup.resend(core(), who, id, body, idempotent(who, raw), g.request_id)
    return answer(_started(started, to, purpose), 201 if started.new else 200)


@blueprint.get("/v1/verifications")
def list_verifications() -> Response:
    who = caller("reports")
    items, cursor = history.listed(core(), who, query(VerificationQuery).model_dump(exclude_none=True))
    return answer({"items": [_resource(item) for item in items], "next_cursor": cursor})


def _started(started: Started, to: str, purpose: str) -> dict[str, Any]:
    return {
        "id": started.id,
        "status": "pending",
        "to": to,
        "channel": started.channel,
        "purpose": purpose,
        "created_at": rfc3339(started.created_ms),
        "expires_at": rfc3339(started.expires_ms),
        "resend_after": rfc3339(started.resend_after_ms),
        "sends": started.sends,
        "attempts_left": started.attempts_left,
        "message_id": started.message,
    }


def _checked(result: Result) -> dict[str, Any]:
    return {
        "id": result.id,
        "status": result.status,
        "valid": result.valid,
        "reason": result.reason,
        "attempts_left": result.attempts_left,
        "to": result.to,
        "purpose": result.purpose,
        "channel": result.channel,
        "approved_at": rfc3339_or_none(result.approved_ms),
        "proof": result.proof,
    }


def _resource(past: Past) -> dict[str, Any]:
    return {
        "id": past.id,
        "status": past.status,
        "reason": past.reason,
        "to": past.to,
        "channel": past.channel,
        "purpose": past.purpose,
        "created_at": rfc3339(past.created_ms),
        "expires_at": rfc3339(past.expires_ms),
        "approved_at": rfc3339_or_none(past.approved_ms),
        "ended_at": rfc3339_or_none(past.ended_ms),
        "resend_after": rfc3339_or_none(past.resend_after_ms),
        "sends": past.sends,
        "attempts_left": past.attempts_left,
        "message_id": past.message,
        "metadata": dict(past.metadata),
        "messages": [_message(message) for message in past.messages],
    }


def _message(message: MessageState) -> dict[str, Any]:
    return {
        "id": message.id,
        "status": message.status,
        "provider": message.provider,
        "reason": message.reason,
        "queued_at": rfc3339(message.at_ms),
        "changed_at": rfc3339_or_none(message.changed_ms),
    }
