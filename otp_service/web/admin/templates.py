"""Templates."""

from flask import Blueprint, Response

from otp_service.domain.messages import Dlt
from otp_service.service.admin import previews, templates
from otp_service.service.admin.previews import Wanted
from otp_service.service.admin.templates import Draft
from otp_service.service.callers import Caller
from otp_service.web.admin import resources
from otp_service.web.admin.asking import (
    ADMIN,
    ByApplicationQuery,
    NewTemplate,
    TemplatePreview,
    TemplateQuery,
    VendorIds,
    VersionsQuery,
    asked,
)
from otp_service.web.admin.resources import Resource
from otp_service.web.context import caller, core
from otp_service.web.parsing import json_body, query
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


@blueprint.get(f"{PATH}/versions")
def list_versions() -> Response:
    caller(ADMIN)
    wanted = query(VersionsQuery)
    found = templates.versions(core(), wanted.application, wanted.name, wanted.locale, wanted.limit, wanted.cursor)
    return answer(resources.page(found, resources.template))


@blueprint.post(f"{PATH}/preview")
def post_preview() -> Response:
    caller(ADMIN)
    body, _ = json_body(TemplatePreview)
    return answer(resources.preview(previews.preview(core(), Wanted(**body.model_dump()))))


@blueprint.delete(PATH)
def delete_template() -> Response:
    who = caller(ADMIN)
    wanted = query(TemplateQuery)
    gone = templates.delete(core(), who.key_id, wanted.application, wanted.name, wanted.locale)
    return answer(resources.template(gone))


def _save(who: Caller, body: NewTemplate) -> Resource:
    draft = Draft(body.name, body.locale, body.body, body.kind, body.smart_encoding, _dlt(body.vendor_ids))
    saved = templates.save(core(), who.key_id, body.application, draft, body.country)
    return resources.judged_template(saved)


def _dlt(ids: VendorIds | None) -> Dlt | None:
    return Dlt(ids.dlt_entity_id, ids.dlt_template_id) if ids else None
