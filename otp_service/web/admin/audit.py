"""The audit."""

from flask import Blueprint, Response

from otp_service.service.admin import audit
from otp_service.web.admin import resources
from otp_service.web.admin.asking import ADMIN, PageQuery
from otp_service.web.context import caller, core
from otp_service.web.parsing import query
from otp_service.web.rendering import answer

blueprint = Blueprint("admin_audit", __name__)


@blueprint.get("/v1/admin/audit")
def list_audit() -> Response:
    caller(ADMIN)
    wanted = query(PageQuery)
    return answer(resources.page(audit.page(core(), wanted.limit, wanted.cursor), resources.audit_entry))
