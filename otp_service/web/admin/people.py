"""People: what is known of somebody, and forgetting it."""

from typing import Any

from flask import Blueprint, Response

from otp_service.domain.times import rfc3339
from otp_service.service import people
from otp_service.service.people import Dossier
from otp_service.web.admin.asking import ADMIN
from otp_service.web.context import caller, core
from otp_service.web.rendering import answer

blueprint = Blueprint("admin_people", __name__)
PATH = "/v1/admin/people/<number>"


@blueprint.get(PATH)
def get_person(number: str) -> Response:
    return answer(dossier(people.read(core(), caller(ADMIN).key_id, number)))


@blueprint.delete(PATH)
def delete_person(number: str) -> Response:
    return answer(people.as_json(people.erase(core(), caller(ADMIN).key_id, number)))


def dossier(found: Dossier) -> dict[str, Any]:
    """Everything that is known of somebody, times as people read them."""
    items = [{"at": rfc3339(item.at), "kind": item.kind, "said": _said(item.said)} for item in found.items]
    return {"to": found.to, "country": found.country, "items": items}


def _said(row: Any) -> dict[str, Any]:
    is_time = {name for name, value in row.items() if name.endswith("_at") and isinstance(value, int)}
    return {name: rfc3339(value) if name in is_time else value for name, value in row.items() if name != "at"}
