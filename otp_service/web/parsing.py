"""Reading a request: its body, query and address, each strictly."""

from typing import TypeVar

from flask import current_app, request
from pydantic import BaseModel, ValidationError

from otp_service.domain.addresses import Network, real_address
from otp_service.domain.errors import Refusal, invalid_field
from otp_service.web.problems import invalid_body
from otp_service.web.proxies import real

MAX_BODY = 16 * 1024
JSON = "application/json"
Model = TypeVar("Model", bound=BaseModel)


def raw_body(most: int = MAX_BODY) -> bytes:
    """The body's bytes; Refusal payload_too_large before it is read where its length is known."""
    asked = real(request)
    length = asked.content_length
    if length is not None and length > most:
        raise Refusal("payload_too_large", f"a body may have at most {most // 1024} KiB")
    # Of a known length it needs none of the guards that Werkzeug puts around the server's stream.
    body = asked.stream.read(most + 1) if length is None else asked.environ["wsgi.input"].read(length)
    if length is not None and len(body) < length:
        raise Refusal("invalid_json", "the body is shorter than its Content-Length")
    if len(body) > most:
        raise Refusal("payload_too_large", f"a body may have at most {most // 1024} KiB")
    return body


def json_body(model: type[Model], *, optional: bool = False) -> tuple[Model, bytes]:
    """The body as its model, and its bytes; an optional one may be missing."""
    body = raw_body()
    if optional and not body:
        return model(), b""
    return as_json(model, body), body


def as_json(model: type[Model], body: bytes) -> Model:
    """The bytes of a body as its model."""
    asked = real(request)
    if asked.environ.get("CONTENT_TYPE") != JSON and asked.mimetype != JSON:  # most say nothing beside it
        raise Refusal("unsupported_media_type", "send the body as application/json")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise invalid_body(error) from None


def query(model: type[Model]) -> Model:
    """The query as its model; a parameter given twice is refused."""
    for name, values in request.args.lists():
        if len(values) > 1:
            raise invalid_field(name if name.isidentifier() and len(name) <= 40 else "?", "give this parameter once")
    try:
        return model.model_validate_strings(request.args.to_dict())
    except ValidationError as error:
        raise invalid_body(error) from None


def client_address() -> str:
    """The address of whoever calls, past trusted proxies only."""
    trusted: tuple[Network, ...] = current_app.config["TRUSTED_PROXIES"]
    peer = request.remote_addr or ""
    return real_address(peer, request.headers.get("X-Forwarded-For"), trusted) if trusted else peer
