"""The brake: what it holds of a scope, forgiving one, and its quarantines."""

from typing import Annotated, Literal

from flask import Blueprint, Response
from pydantic import Field

from otp_service.service.admin import forgiving, fraud
from otp_service.service.admin.fields import MOST_REASON
from otp_service.web.admin import protection
from otp_service.web.admin.asking import ADMIN, FraudQuery, QuarantineQuery, QuarantinesQuery
from otp_service.web.context import caller, core
from otp_service.web.parsing import query
from otp_service.web.rendering import answer

blueprint = Blueprint("admin_fraud", __name__)
PATH = "/v1/admin/fraud"


class ForgiveQuery(FraudQuery):
    """Which scope is forgiven, and why."""

    scope: Literal["number", "block", "prefix", "country", "application", "network"]
    reason: Annotated[str, Field(max_length=MOST_REASON)] = ""


@blueprint.get(PATH)
def get_fraud() -> Response:
    caller(ADMIN)
    wanted = query(FraudQuery)
    found = fraud.read(core(), wanted.application, to=wanted.to, ip=wanted.ip, country=wanted.country)
    return answer(protection.standing(found))


@blueprint.delete(PATH)
def delete_fraud() -> Response:
    who = caller(ADMIN).key_id
    wanted = query(ForgiveQuery)
    found = forgiving.forgive(core(), who, **wanted.model_dump())
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
