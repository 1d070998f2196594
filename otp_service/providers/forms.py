"""The fields of a callback: of its query, its form or its JSON."""

from urllib.parse import parse_qsl, urlsplit

from otp_service.domain.messages import Callback
from otp_service.providers.answers import json_of

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 200


def media_type(callback: Callback) -> str:
    """What the body is said to be, without parameters."""
    return callback.headers.get("content-type", "").partition(";")[0].strip().lower()


def form_of(callback: Callback) -> list[tuple[str, str]] | None:
    """The fields of a form body; None if it isn't one."""
    if media_type(callback) != FORM:
        return None
    try:
        text = callback.body.decode("ascii")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:
        return None


def query_of(callback: Callback, encoding: str = "utf-8") -> list[tuple[str, str]] | None:
    """The fields of the query; None if they can't be read."""
    query = urlsplit(callback.url).query
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_FIELDS, encoding=encoding, errors="strict")
    except ValueError:
        return None


def fields_of(callback: Callback) -> dict[str, str] | None:
    """The fields of a callback that may be a GET, a form or flat JSON; None if they can't be read.

    None as well if one comes twice: it could be read in one way and signed in another.
    """
    pairs = _pairs(callback)
    fields = dict(pairs or ())
    return None if pairs is None or len(fields) != len(pairs) else fields


def _pairs(callback: Callback) -> list[tuple[str, str]] | None:
    if callback.method == "GET":
        return query_of(callback)
    if media_type(callback) != "application/json":
        return form_of(callback)
    body = json_of(callback.body)
    return [(name, _text(value)) for name, value in body.items()] if isinstance(body, dict) else None


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or (isinstance(value, int) and abs(value) > 10**18):
        return ""
    return str(value)
