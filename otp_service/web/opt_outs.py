"""Opt-outs: parse, one call to the service, render."""

from typing import Annotated, Any

from flask import Blueprint, Response
from pydantic import BaseModel, ConfigDict, Field

from otp_service.domain.requests import OptOutRequest
from otp_service.domain.times import rfc3339
from otp_service.service import opt_outs
from otp_service.service.opt_outs import Shown
from otp_service.web.context import caller, core
from otp_service.web.parsing import json_body, query
from otp_service.web.rendering import answer

blueprint = Blueprint("opt_outs", __name__)
PATH = "/v1/opt-outs"
SCOPE = "messages"


class ListQuery(BaseModel):
    """The query of GET /v1/opt-outs."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=200)] = None


@blueprint.get(PATH)
def list_opt_outs() -> Response:
    who, wanted = caller(SCOPE), query(ListQuery)
    items, cursor = opt_outs.listed(core(), who, wanted.limit, wanted.cursor)
    return answer({"items": [_resource(item) for item in items], "next_cursor": cursor})


@blueprint.get(f"{PATH}/<number>")
def get_opt_out(number: str) -> Response:
    return answer(_resource(opt_outs.get(core(), caller(SCOPE), number)))


@blueprint.put(f"{PATH}/<number>")
def put_opt_out(number: str) -> Response:
    who = caller(SCOPE)
    body, _ = json_body(OptOutRequest, optional=True)
    return answer(_resource(opt_outs.put(core(), who, number, body.scope)))


@blueprint.delete(f"{PATH}/<number>")
def delete_opt_out(number: str) -> Response:
    return answer(_resource(opt_outs.remove(core(), caller(SCOPE), number)))


def _resource(shown: Shown) -> dict[str, Any]:
    return {"to": shown.to, "scope": shown.scope, "source": shown.source, "created_at": rfc3339(shown.created_ms)}
