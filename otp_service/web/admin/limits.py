"""Limits: what counts now, and starting the count again."""

from flask import Blueprint, Response

from otp_service.service.admin import limits
from otp_service.web.admin import resources
from otp_service.web.admin.asking import ADMIN, LimitsQuery
from otp_service.web.context import caller, core
from otp_service.web.parsing import query
from otp_service.web.rendering import answer

blueprint = Blueprint("admin_limits", __name__)
PATH = "/v1/admin/limits"


@blueprint.get(PATH)
def get_limits() -> Response:
    caller(ADMIN)
    wanted = query(LimitsQuery)
    found = limits.read(core(), wanted.application, **wanted.subject())
    return answer(resources.limits(found))


@blueprint.delete(PATH)
def delete_limits() -> Response:
    who = caller(ADMIN).key_id
    wanted = query(LimitsQuery)
    found = limits.start_again(core(), who, wanted.application, **wanted.subject())
    return answer(resources.limits(found))
