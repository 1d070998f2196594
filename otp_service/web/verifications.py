"""The verification endpoints: parse, one call to the service, render."""

from typing import Annotated, Any, Literal

from flask import Blueprint, Response, g
from pydantic import BaseModel, ConfigDict, Field, field_validator

from otp_service.domain.requests import CheckRequest, ResendRequest, StartRequest, To
from otp_service.domain.times import milliseconds, rfc3339, rfc3339_or_none
from otp_service.service import history, lookup
from otp_service.service.check import Result, check
from otp_service.service.history import MessageState, Past
from otp_service.service.start import start
from otp_service.store.verifications import Started
from otp_service.web.context import caller, core, idempotent
from otp_service.web.parsing import json_body, query
from otp_service.web.rendering import answer

blueprint = Blueprint("verifications", __name__)
START, CHECK = "verifications:start", "verifications:check"


class ListQuery(BaseModel):
    """The query of GET /v1/verifications."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    to: To | None = None
    status: Literal["pending", "approved", "failed", "expired", "canceled"] | None = None
    from_ms: Annotated[int | None, Field(alias="from")] = None
    to_ms: Annotated[int | None, Field(alias="to_time")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=200)] = None

    @field_validator("from_ms", "to_ms", mode="before")
    @classmethod
    def _time(cls, value: Any) -> Any:
        return milliseconds(value.replace(" ", "+")) if isinstance(value, str) else value

    @field_validator("to", mode="before")
    @classmethod
    def _plus(cls, value: Any) -> Any:
        """A `+` that a client did not encode arrives as a space."""
        return f"+{value[1:]}" if isinstance(value, str) and value.startswith(" ") else value


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
    items, cursor = history.listed(core(), who, query(ListQuery).model_dump(exclude_none=True))
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
