"""POST /v1/pages: parse, make, render."""

from typing import Any

from flask import Blueprint, Response

from otp_service.domain.pages.request import PageRequest
from otp_service.domain.times import rfc3339
from otp_service.service.once import once
from otp_service.service.pages.making import Made, make
from otp_service.web.context import caller, core, idempotent
from otp_service.web.parsing import json_body
from otp_service.web.rendering import answer

blueprint = Blueprint("pages", __name__)


@blueprint.post("/v1/pages")
def post_page() -> Response:
    who = caller("verifications:check", "verifications:start", "factors")
    body, raw = json_body(PageRequest)
    return answer(once(core(), idempotent(who, raw), lambda: _made(make(core(), who, body))), 201)


def _made(made: Made) -> dict[str, Any]:
    return {"id": made.id, "url": made.url, "expires_at": rfc3339(made.expires_ms)}
