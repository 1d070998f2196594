"""The message endpoints: parse, one call to the service, render."""

from typing import Any

from flask import Blueprint, Response, g
from pydantic import BaseModel, ConfigDict

from otp_service.domain.messages import MessageStatus
from otp_service.domain.requests import MessageRequest, MoveRequest, OutcomeRequest, Reference
from otp_service.domain.times import rfc3339, rfc3339_or_none
from otp_service.service import message_lookup as lookup
from otp_service.service.messages import send
from otp_service.service.tracking import Tracked
from otp_service.store.messages import Queued
from otp_service.web.context import caller, core, idempotent
from otp_service.web.fields import ListQuery
from otp_service.web.parsing import json_body, query
from otp_service.web.rendering import answer
from otp_service.web.tracking import CURRENCY, resource

blueprint = Blueprint("messages", __name__)
PATH = "/v1/messages"
SEND, REPORTS = "messages", "reports"
CODES = ("verifications:start", "verifications:check")


class ByReference(BaseModel):
    """The query of PATCH and DELETE /v1/messages."""

    model_config = ConfigDict(extra="forbid")

    reference: Reference


class MessageQuery(ListQuery):
    """The query of GET /v1/messages."""

    status: MessageStatus | None = None
    reference: Reference | None = None


@blueprint.post(PATH)
def post_message() -> Response:
    who = caller(SEND)
    body, raw = json_body(MessageRequest)
    queued, to = send(core(), who, body, idempotent(who, raw), g.request_id)
    return answer(_queued(queued, to, body), 202)


@blueprint.get(PATH)
def list_messages() -> Response:
    who = caller(SEND, REPORTS)
    items, cursor = lookup.listed(core(), who, query(MessageQuery).model_dump(exclude_none=True))
    return answer({"items": [_listed(item) for item in items], "next_cursor": cursor})


@blueprint.patch(PATH)
def patch_by_reference() -> Response:
    who, named = caller(SEND), query(ByReference)
    body, _ = json_body(MoveRequest)
    id_ = lookup.by_reference(core(), who, named.reference)
    return answer(resource(core(), lookup.move(core(), who, id_, body.send_at_ms)))


@blueprint.delete(PATH)
def delete_by_reference() -> Response:
    who, named = caller(SEND), query(ByReference)
    id_ = lookup.by_reference(core(), who, named.reference)
    return answer(resource(core(), lookup.cancel(core(), who, id_, g.request_id)))


@blueprint.patch(f"{PATH}/<id>")
def patch_message(id: str) -> Response:
    who = caller(SEND)
    body, _ = json_body(MoveRequest)
    return answer(resource(core(), lookup.move(core(), who, id, body.send_at_ms)))


@blueprint.delete(f"{PATH}/<id>")
def delete_message(id: str) -> Response:
    return answer(resource(core(), lookup.cancel(core(), caller(SEND), id, g.request_id)))


@blueprint.post(f"{PATH}/<id>/outcome")
def post_outcome(id: str) -> Response:
    who = caller(SEND, *CODES)
    body, _ = json_body(OutcomeRequest)
    lookup.tell_outcome(core(), who, id, body.outcome)
    return answer({"id": id, "outcome": body.outcome})


def _queued(queued: Queued, to: str, body: MessageRequest) -> dict[str, Any]:
    return {
        "id": queued.id,
        "status": "queued" if queued.send_at_ms is None else "scheduled",
        "class": body.message_class,
        "to": to,
        "encoding": queued.encoding,
        "segments": queued.segments,
        "price_micros": queued.price_micros,
        "currency": CURRENCY,
        "reference": body.reference,
        "created_at": rfc3339(queued.created_ms),
        "send_at": rfc3339_or_none(queued.send_at_ms),
        "expires_at": rfc3339(queued.expires_ms),
    }


def _listed(message: Tracked) -> dict[str, Any]:
    """A message without its tries and reports, which reading it by its id tells."""
    shown = resource(core(), message)
    return {name: value for name, value in shown.items() if name not in ("attempts", "receipts")}
