"""Templates."""

from flask import Blueprint, Response

from otp_service.service.admin import templates
from otp_service.service.callers import Caller
from otp_service.web.admin import resources
from otp_service.web.admin.asking import ADMIN, ByApplicationQuery, NewTemplate, TemplateQuery, asked
from otp_service.web.admin.resources import Resource
from otp_service.web.context import caller, core
from otp_service.web.parsing import query
from otp_service.web.rendering import answer

blueprint = Blueprint("admin_templates", __name__)
PATH = "/v1/admin/templates"


@blueprint.get(PATH)
def list_templates() -> Response:
    caller(ADMIN)
    wanted = query(ByApplicationQuery)
    found = templates.page(core(), wanted.application, wanted.limit, wanted.cursor)
    return answer(resources.page(found, resources.template))


@blueprint.post(PATH)
def post_template() -> Response:
    return answer(asked(NewTemplate, _save), 201)


@blueprint.delete(PATH)
def delete_template() -> Response:
    who = caller(ADMIN)
    wanted = query(TemplateQuery)
    gone = templates.delete(core(), who.key_id, wanted.application, wanted.name, wanted.locale)
    return answer(resources.template(gone))


def _save(who: Caller, body: NewTemplate) -> Resource:
    saved = templates.save(core(), who.key_id, body.application, body.name, body.locale, body.body)
    return resources.judged_template(saved)
