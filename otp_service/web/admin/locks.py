"""Failure locks: seeing and lifting them."""

from functools import partial

from flask import Blueprint, Response

from otp_service.service.admin import locks
from otp_service.web.admin import resources
from otp_service.web.admin.asking import ADMIN, LockQuery, LocksQuery
from otp_service.web.context import caller, core
from otp_service.web.parsing import query
from otp_service.web.rendering import answer

blueprint = Blueprint("admin_locks", __name__)
PATH = "/v1/admin/locks"


@blueprint.get(PATH)
def get_locks() -> Response:
    caller(ADMIN)
    wanted = query(LocksQuery)
    if wanted.to is not None:
        return answer(resources.lock(locks.read(core(), wanted.application, wanted.to, test=wanted.test)))
    found = locks.page(core(), wanted.application, wanted.limit, wanted.cursor)
    return answer(resources.page(found, partial(resources.disabled, core())))


@blueprint.delete(PATH)
def delete_lock() -> Response:
    who = caller(ADMIN).key_id
    wanted = query(LockQuery)
    return answer(resources.lock(locks.lift(core(), who, wanted.application, wanted.to, test=wanted.test)))
