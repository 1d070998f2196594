"""Webhooks: where events go."""

from functools import partial
from typing import Annotated, Self

from flask import Blueprint, Response
from pydantic import Field, StringConstraints, model_validator

from otp_service.domain.public_addresses import MOST_URL
from otp_service.domain.requests import Body
from otp_service.domain.times import rfc3339, rfc3339_or_none
from otp_service.domain.webhooks import OVERLAP_S
from otp_service.ledger.deliveries import Delivery
from otp_service.ledger.webhooks import Webhook
from otp_service.service.admin import webhooks
from otp_service.service.admin.webhooks import Keyed, Shown
from otp_service.service.callers import Caller
from otp_service.web.admin import resources
from otp_service.web.admin.asking import ADMIN, Application, OfApplicationQuery, asked
from otp_service.web.admin.resources import Resource
from otp_service.web.context import caller, core
from otp_service.web.fields import Time
from otp_service.web.parsing import json_body, query
from otp_service.web.rendering import answer

blueprint = Blueprint("admin_webhooks", __name__)
PATH = "/v1/admin/webhooks"
Url = Annotated[str, StringConstraints(min_length=1, max_length=MOST_URL)]
Types = Annotated[list[Annotated[str, StringConstraints(max_length=40)]], Field(max_length=40)]


class NewWebhook(Body):
    """The body of POST /v1/admin/webhooks."""

    application: Application | None = None
    url: Url
    types: Types = Field(default_factory=list)
    ed25519: bool = False


class WebhookPatch(Body):
    """The body of PATCH /v1/admin/webhooks/{id}; what is left out stays."""

    url: Url = ""
    types: Types = Field(default_factory=list)
    enabled: bool = True


class Rotation(Body):
    """The body of POST /v1/admin/webhooks/{id}/rotate."""

    overlap_s: int = OVERLAP_S


class Replay(Body):
    """The body of POST /v1/admin/webhooks/{id}/replay: one event, or a time."""

    event: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    from_ms: Annotated[Time | None, Field(alias="from")] = None
    to_ms: Annotated[Time | None, Field(alias="to_time")] = None

    @model_validator(mode="after")
    def _by_one_name(self) -> Self:
        if (self.event is None) == (self.from_ms is None) or (self.event and self.to_ms):
            raise ValueError("give either event or from, and to_time only beside from")
        return self


@blueprint.get(PATH)
def list_webhooks() -> Response:
    caller(ADMIN)
    wanted = query(OfApplicationQuery)
    found = webhooks.page(core(), wanted.limit, wanted.cursor, wanted.application)
    return answer(resources.page(found, webhook))


@blueprint.post(PATH)
def post_webhook() -> Response:
    return answer(asked(NewWebhook, _create), 201)


@blueprint.get(f"{PATH}/<id>")
def get_webhook(id: str) -> Response:
    caller(ADMIN)
    return answer(shown(webhooks.get(core(), id)))


@blueprint.patch(f"{PATH}/<id>")
def patch_webhook(id: str) -> Response:
    who = caller(ADMIN)
    body, _ = json_body(WebhookPatch)
    return answer(shown(webhooks.update(core(), who.key_id, id, body.model_dump(exclude_unset=True))))


@blueprint.delete(f"{PATH}/<id>")
def delete_webhook(id: str) -> Response:
    return answer(webhook(webhooks.remove(core(), caller(ADMIN).key_id, id).webhook))


@blueprint.post(f"{PATH}/<id>/rotate")
def post_rotation(id: str) -> Response:
    def rotate(who: Caller, body: Rotation) -> Resource:
        return keyed(webhooks.rotate(core(), who.key_id, id, body.overlap_s))

    return answer(asked(Rotation, rotate, optional=True))


@blueprint.post(f"{PATH}/<id>/test")
def post_test(id: str) -> Response:
    return answer(asked(Body, lambda who, _: {"event": webhooks.test(core(), who.key_id, id)}, optional=True), 202)


@blueprint.post(f"{PATH}/<id>/replay")
def post_replay(id: str) -> Response:
    return answer(asked(Replay, partial(_replay, id)), 202)


def _create(who: Caller, body: NewWebhook) -> Resource:
    made = webhooks.create(core(), who.key_id, body.url, body.types, application=body.application, ed25519=body.ed25519)
    return keyed(made)


def _replay(id: str, who: Caller, body: Replay) -> Resource:
    found = webhooks.replay(core(), who.key_id, id, event=body.event, from_ms=body.from_ms, to_ms=body.to_ms)
    return {"deliveries": found}


def webhook(found: Webhook) -> Resource:
    """A webhook as a list shows it."""
    return {
        "id": found.id,
        "application": found.application_id,
        "url": found.url,
        "types": list(found.types),
        "enabled": found.enabled,
        "disabled_reason": found.disabled_reason,
        "disabled_at": rfc3339_or_none(found.disabled_at),
        "failing_since": rfc3339_or_none(found.failing_since),
        "created_at": rfc3339(found.created_at),
    }


def shown(found: Shown) -> Resource:
    """A webhook with its public keys and last deliveries."""
    told = [_delivery(each) for each in found.deliveries]
    return {**webhook(found.webhook), "public_keys": list(found.public_keys), "deliveries": told}


def keyed(made: Keyed) -> Resource:
    """A webhook with its fresh secret, this once."""
    return {"secret": made.secret, **shown(made.shown)}


def _delivery(found: Delivery) -> Resource:
    return {
        "event": found.event_id,
        "type": found.type,
        "status": found.status,
        "tries": found.tries,
        "answer": found.answer,
        "changed_at": rfc3339(found.changed_at),
        "due_at": rfc3339(found.due_at) if found.status == "pending" else None,
    }
