"""Refusals: why somebody got no code or message, and an exception."""

from functools import partial

from flask import Blueprint, Response

from otp_service.service.admin import exempting, refusals
from otp_service.service.callers import Caller
from otp_service.web.admin import protection, resources
from otp_service.web.admin.asking import ADMIN, NewExemption, RefusalsQuery, asked
from otp_service.web.admin.resources import Resource
from otp_service.web.context import caller, core
from otp_service.web.parsing import query
from otp_service.web.rendering import answer

blueprint = Blueprint("admin_refusals", __name__)
PATH = "/v1/admin/refusals"


@blueprint.get(PATH)
def list_refusals() -> Response:
    caller(ADMIN)
    wanted = query(RefusalsQuery)
    by = {"to": wanted.to, "code": wanted.code, "application": wanted.application}
    return answer(resources.page(refusals.page(core(), wanted.limit, wanted.cursor, **by), protection.refusal))


@blueprint.get(f"{PATH}/<reference>")
def get_refusal(reference: str) -> Response:
    caller(ADMIN)
    return answer(protection.explained(core(), refusals.get(core(), reference)))


@blueprint.post(f"{PATH}/<reference>/exempt")
def post_exemption(reference: str) -> Response:
    return answer(asked(NewExemption, partial(_exempt, reference)), 201)


def _exempt(reference: str, who: Caller, body: NewExemption) -> Resource:
    made = exempting.exempt(
        *(core(), who.key_id, reference, body.kind),
        value=body.value,
        reason=body.reason,
        expires_ms=body.expires_at,
    )
    return resources.block(core(), made)
