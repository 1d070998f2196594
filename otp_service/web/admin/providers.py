"""Providers: how each does, and a switch; and the routes that the configuration says."""

from functools import partial

from flask import Blueprint, Response

from otp_service.service.admin import providers
from otp_service.service.callers import Caller
from otp_service.web.admin import carrying
from otp_service.web.admin.asking import ADMIN, ProviderPatch, asked
from otp_service.web.admin.resources import Resource
from otp_service.web.context import caller, core
from otp_service.web.rendering import answer

blueprint = Blueprint("admin_providers", __name__)
SWITCHED = ("enabled", "weight")


@blueprint.get("/v1/admin/providers")
def list_providers() -> Response:
    caller(ADMIN)
    return answer({"items": [carrying.provider(each) for each in providers.listed(core())], "next_cursor": None})


@blueprint.patch("/v1/admin/providers/<name>")
def patch_provider(name: str) -> Response:
    return answer(asked(ProviderPatch, partial(_switch, name)))


@blueprint.get("/v1/admin/routes")
def list_routes() -> Response:
    caller(ADMIN)
    return answer({"items": [carrying.rule(each) for each in core().routing().rules], "next_cursor": None})


def _switch(name: str, who: Caller, body: ProviderPatch) -> Resource:
    kept = [field for field in SWITCHED if field not in body.model_fields_set]
    told = providers.switch(
        *(core(), who.key_id, name), enabled=body.enabled, weight=body.weight, reason=body.reason, kept=kept
    )
    return carrying.provider(told)
