"""Policies: what each field means, its bounds and default, and what an application has it at."""

from functools import partial

from flask import Blueprint, Response

from otp_service.service.admin import applications, policy_fields
from otp_service.web.admin import carrying
from otp_service.web.admin.asking import ADMIN, PoliciesQuery
from otp_service.web.context import caller, core
from otp_service.web.parsing import query
from otp_service.web.rendering import answer

blueprint = Blueprint("admin_policies", __name__)


@blueprint.get("/v1/admin/policies")
def list_policy_fields() -> Response:
    caller(ADMIN)
    named = query(PoliciesQuery).application
    of = applications.get(core(), named).policy if named is not None else None
    return answer({"items": list(map(partial(carrying.field, of), policy_fields.every())), "next_cursor": None})
