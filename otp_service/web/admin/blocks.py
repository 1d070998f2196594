"""Blocks."""

from functools import partial

from flask import Blueprint, Response

from otp_service.service.admin import blocks
from otp_service.service.callers import Caller
from otp_service.web.admin import resources
from otp_service.web.admin.asking import ADMIN, NewBlock, OfApplicationQuery, asked
from otp_service.web.admin.resources import Resource
from otp_service.web.context import caller, core
from otp_service.web.parsing import query
from otp_service.web.rendering import answer

blueprint = Blueprint("admin_blocks", __name__)
PATH = "/v1/admin/blocks"


@blueprint.get(PATH)
def list_blocks() -> Response:
    caller(ADMIN)
    wanted = query(OfApplicationQuery)
    found = blocks.page(core(), wanted.limit, wanted.cursor, wanted.application)
    return answer(resources.page(found, partial(resources.block, core())))


@blueprint.post(PATH)
def post_block() -> Response:
    return answer(asked(NewBlock, _create), 201)


@blueprint.delete(f"{PATH}/<id>")
def delete_block(id: str) -> Response:
    return answer(resources.block(core(), blocks.delete(core(), caller(ADMIN).key_id, id)))


def _create(who: Caller, body: NewBlock) -> Resource:
    made = blocks.create(
        *(core(), who.key_id, body.kind, body.value, body.reason),
        application=body.application,
        expires_ms=body.expires_at,
    )
    return resources.block(core(), made)
