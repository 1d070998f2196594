"""The brake: what it holds of a scope, and its quarantines."""

from flask import Blueprint, Response

from otp_service.service.admin import fraud
from otp_service.web.admin import protection
from otp_service.web.admin.asking import ADMIN, FraudQuery, QuarantineQuery, QuarantinesQuery
from otp_service.web.context import caller, core
from otp_service.web.parsing import query
from otp_service.web.rendering import answer

blueprint = Blueprint("admin_fraud", __name__)
PATH = "/v1/admin/fraud"


@blueprint.get(PATH)
def get_fraud() -> Response:
    caller(ADMIN)
    wanted = query(FraudQuery)
    found = fraud.read(core(), wanted.application, to=wanted.to, ip=wanted.ip, country=wanted.country)
    return answer(protection.standing(found))


@blueprint.get(f"{PATH}/quarantines")
def list_quarantines() -> Response:
    caller(ADMIN)
    return answer(protection.quarantines(fraud.held_of(core(), query(QuarantinesQuery).application)))


@blueprint.delete(f"{PATH}/quarantines")
def delete_quarantine() -> Response:
    who = caller(ADMIN).key_id
    wanted = query(QuarantineQuery)
    return answer(protection.quarantines(fraud.lift(core(), who, wanted.application, wanted.prefix)))
