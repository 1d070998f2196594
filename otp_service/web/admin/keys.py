"""API keys."""

from flask import Blueprint, Response

from otp_service.service.admin import keys
from otp_service.service.callers import Caller
from otp_service.web.admin import resources
from otp_service.web.admin.asking import ADMIN, NewKey, OfApplicationQuery, asked
from otp_service.web.admin.resources import Resource
from otp_service.web.context import caller, core
from otp_service.web.parsing import query
from otp_service.web.rendering import answer

blueprint = Blueprint("admin_keys", __name__)
PATH = "/v1/admin/keys"


@blueprint.get(PATH)
def list_keys() -> Response:
    caller(ADMIN)
    wanted = query(OfApplicationQuery)
    return answer(resources.page(keys.page(core(), wanted.limit, wanted.cursor, wanted.application), resources.key))


@blueprint.post(PATH)
def post_key() -> Response:
    return answer(asked(NewKey, _create), 201)


@blueprint.delete(f"{PATH}/<id>")
def delete_key(id: str) -> Response:
    return answer(resources.key(keys.revoke(core(), caller(ADMIN).key_id, id)))


def _create(who: Caller, body: NewKey) -> Resource:
    made = keys.create(
        *(core(), who.key_id, body.application, body.name, body.scopes),
        test=body.test,
        ips=body.ips,
        expires_ms=body.expires_at,
    )
    return resources.created_key(made)
