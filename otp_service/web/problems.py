"""Problems: every refusal and every error as RFC 9457 application/problem+json."""

import json
from typing import Any

import structlog
from flask import Flask, Response, g
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from otp_service.domain.errors import PROBLEMS, FieldError, Refusal
from otp_service.domain.shapes import complaint

log = structlog.get_logger("otp_service.web")
MEDIA_TYPE = "application/problem+json"
_SAFE_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")

# Werkzeug's own refusals by status; any other HTTP error is told as `internal` or `invalid_field`.
_CODES = {
    400: "invalid_json",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
}
_DETAILS = {
    404: "there is nothing at this path",
    405: "this path does not answer this method; see Allow",
    413: "a body may have at most 16 KiB",
}


def install(app: Flask) -> None:
    """Every way in which a request can fail ends here."""
    app.register_error_handler(Refusal, render)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _bug)


def render(refusal: Refusal) -> Response:
    """A refusal as its problem."""
    body: dict[str, Any] = {
        "type": f"/problems/{refusal.code}",
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
        "code": refusal.code,
        "request_id": g.get("request_id", ""),
        **refusal.members,
    }
    if refusal.errors:
        body["errors"] = refusal.errors
    headers = dict(refusal.headers)
    if refusal.retry_after_s is not None:
        body["retry_after_s"] = refusal.retry_after_s
        headers["Retry-After"] = str(refusal.retry_after_s)
    g.problem = refusal.code
    return Response(json.dumps(body), refusal.status, headers, content_type=MEDIA_TYPE)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return Response(error.get_response().data, status, list(error.get_response().headers))
    code = code_of(status)
    response = render(Refusal(code, _DETAILS.get(status, PROBLEMS[code][1])))
    allow = error.get_response().headers.get("Allow")
    if allow:
        response.headers["Allow"] = allow
    return response


def _bug(error: Exception) -> Response:
    return render(bug(error))


def code_of(status: int) -> str:
    """The code of one of Werkzeug's own refusals."""
    return _CODES.get(status, "internal" if status >= 500 else "invalid_json")


def bug(error: Exception) -> Refusal:
    """A bug, logged, as the refusal that it is told as."""
    # The traceback's frames, never its values: those may be a code or a number.
    log.error("bug", error=type(error).__name__, at=_where(error), request_id=g.get("request_id", ""))
    return Refusal("internal", "this is a bug of the service; its log has the request_id")


def _where(error: Exception) -> list[str]:
    frames, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rpartition('otp_service/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return frames[-8:]


def invalid_body(error: ValidationError) -> Refusal:
    """What pydantic found, by field, without the values."""
    found: list[FieldError] = []
    for each in error.errors(include_url=False, include_input=False):
        if each["type"] == "json_invalid":
            return Refusal("invalid_json", "the body can't be read as JSON in UTF-8")
        field = ".".join(_name(part) for part in each["loc"]) or "body"
        found.append({"field": field, "code": each["type"], "detail": complaint(each)})
    names = ", ".join(dict.fromkeys(item["field"] for item in found))
    return Refusal("invalid_field", f"not valid: {names}", errors=found)


def _name(part: int | str) -> str:
    """A field's name, unless the caller has put something else in its place."""
    text = str(part)
    return text if len(text) <= 40 and _SAFE_NAME.issuperset(text) and not text.isdigit() else "?"
