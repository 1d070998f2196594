"""Applications with their policy."""

from functools import partial

from flask import Blueprint, Response

from otp_service.service.admin import applications
from otp_service.service.callers import Caller
from otp_service.web.admin import resources
from otp_service.web.admin.asking import ADMIN, NewApplication, PageQuery, PolicyPatch, asked
from otp_service.web.admin.resources import Resource
from otp_service.web.context import caller, core
from otp_service.web.parsing import json_body, query
from otp_service.web.rendering import answer

blueprint = Blueprint("admin_applications", __name__)
PATH = "/v1/admin/applications"


@blueprint.get(PATH)
def list_applications() -> Response:
    caller(ADMIN)
    wanted = query(PageQuery)
    found = applications.page(core(), wanted.limit, wanted.cursor)
    return answer(resources.page(found, partial(resources.application, core())))


@blueprint.post(PATH)
def post_application() -> Response:
    return answer(asked(NewApplication, _create), 201)


@blueprint.get(f"{PATH}/<id>")
def get_application(id: str) -> Response:
    caller(ADMIN)
    return answer(resources.application(core(), applications.get(core(), id)))


@blueprint.patch(f"{PATH}/<id>")
def patch_application(id: str) -> Response:
    who = caller(ADMIN)
    body, _ = json_body(PolicyPatch)
    return answer(resources.application(core(), applications.set_policy(core(), who.key_id, id, body.policy)))


def _create(who: Caller, body: NewApplication) -> Resource:
    return resources.application(core(), applications.create(core(), who.key_id, body.name, body.policy))
