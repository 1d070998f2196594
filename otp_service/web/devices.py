"""Remembered devices: parse, one call to the service, render."""

from typing import Any

from flask import Blueprint, Response

from otp_service.domain.factors.requests import DeviceCheckRequest, RememberRequest
from otp_service.domain.times import rfc3339, rfc3339_or_none
from otp_service.service.factors import devices, trusted
from otp_service.service.factors.devices import Remembered
from otp_service.service.factors.trusted import Judged, Shown
from otp_service.service.once import once
from otp_service.service.pages import remembering
from otp_service.web.context import caller, core, idempotent
from otp_service.web.fields import user_in
from otp_service.web.parsing import json_body
from otp_service.web.rendering import answer

blueprint = Blueprint("devices", __name__)
SCOPE = "factors"
PATH = "/v1/users/<user:user>/devices"

Json = dict[str, Any]


@blueprint.post(PATH)
def post_device(user: str) -> Response:
    who = caller(SCOPE)
    body, raw = json_body(RememberRequest)
    name = user_in(user)
    made = once(core(), idempotent(who, raw), lambda: _remembered(remembering.remember(core(), who, name, body)))
    return answer(made, 201)


@blueprint.post(f"{PATH}/check")
def post_device_check(user: str) -> Response:
    who = caller(SCOPE)
    body, raw = json_body(DeviceCheckRequest)
    shown = user_in(user), body.device_id, body.token
    return answer(once(core(), idempotent(who, raw), lambda: _judged(trusted.judge(core(), who, *shown))))


@blueprint.get(PATH)
def list_devices(user: str) -> Response:
    items = [device(each) for each in devices.listed(core(), caller(SCOPE), user_in(user))]
    return answer({"items": items, "next_cursor": None})


@blueprint.delete(PATH)
def delete_devices(user: str) -> Response:
    return answer({"revoked": devices.revoke_all(core(), caller(SCOPE), user_in(user))})


@blueprint.delete(f"{PATH}/<device:id>")
def delete_device(user: str, id: str) -> Response:
    return answer(device(devices.revoke(core(), caller(SCOPE), user_in(user), id)))


def device(shown: Shown) -> Json:
    """A remembered device as callers see it."""
    found = shown.device
    return {
        "id": found.id,
        "label": shown.label,
        "created_at": rfc3339(found.created_at),
        "expires_at": rfc3339(shown.expires_ms),
        "seen_at": rfc3339_or_none(found.seen_at),
    }


def _remembered(made: Remembered) -> Json:
    return device(made.shown) | {"trust_token": made.token}


def _judged(found: Judged) -> Json:
    return {
        "trusted": found.reason is None,
        "reason": found.reason,
        "device": device(found.shown) if found.shown else None,
    }
