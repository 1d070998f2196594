"""The fields of a callback: those of a form body, and those of the query."""

from urllib.parse import parse_qsl, urlsplit

from otp_service.domain.messages import Callback

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
