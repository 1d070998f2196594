"""How an answer is read: by its HTTP status, by its JSON, and by what of the vendor's own words may be kept."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from otp_service.domain.messages import Outcome, Verdict

MAX_RETRY_AFTER_S = 86_400
MAX_ID = 128
WORD = re.compile(r"(?!.*[0-9]{5})[A-Za-z][A-Za-z0-9_.-]{0,31}\Z|-?[0-9]{1,6}\Z")  # no run of digits as long as a code

# What an HTTP status says where the vendor's own words say nothing.
STATUSES: Mapping[int, tuple[Verdict, str]] = {
    401: (Verdict.MISCONFIGURED, "bad_credentials"),
    402: (Verdict.MISCONFIGURED, "no_funds"),
    403: (Verdict.MISCONFIGURED, "bad_credentials"),
    404: (Verdict.MISCONFIGURED, "bad_response"),
    405: (Verdict.MISCONFIGURED, "bad_response"),
    429: (Verdict.TRY_LATER, "rate_limited"),
    503: (Verdict.TRY_LATER, "provider_error"),
    504: (Verdict.AMBIGUOUS, "timeout"),  # something behind it did not answer in time, and may have sent
}


def outcome_of_status(response: httpx.Response, raw: str | None = None) -> Outcome:
    """The outcome of an answer of which only the HTTP status is understood."""
    status = response.status_code
    fallback = (Verdict.TRY_ANOTHER, "provider_error" if status >= 500 else "bad_response")
    verdict, reason = STATUSES.get(status, fallback)
    retry_after_s = retry_after(response.headers) if verdict is Verdict.TRY_LATER else None
    return Outcome(verdict, reason, raw=raw or f"http {status}", retry_after_s=retry_after_s)


def unreadable(response: httpx.Response) -> Outcome:
    """The outcome of an answer that says yes by its status and nothing that can be read: it may have gone out."""
    return Outcome(Verdict.AMBIGUOUS, "bad_response", raw=f"http {response.status_code}")


def retry_after(headers: Mapping[str, str]) -> int | None:
    """The seconds of Retry-After, from 0 to a day; a date counts from the answer's own Date (RFC 9110, 10.2.3)."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return int(text) if len(text) < 6 else MAX_RETRY_AFTER_S
    then, sent = _date(text), _date(headers.get("date", ""))
    if then is None or sent is None:
        return None
    return min(max(0, round((then - sent).total_seconds())), MAX_RETRY_AFTER_S)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError):
        return None
    return found if found.tzinfo else None


def json_of(content: bytes) -> Any:
    """The JSON value in a body, or None."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def at(value: Any, path: str) -> Any:
    """What stands at a dotted path such as `messages.0.id` in a JSON value, or None."""
    for step in path.split("."):
        match value:
            case dict():
                value = value.get(step)
            case list() if step.isascii() and step.isdigit() and len(step) < 5 and int(step) < len(value):
                value = value[int(step)]
            case _:
                return None
    return value


def vendor_id(value: object) -> str | None:
    """A message id as the vendor gave it, if it is one: text or a whole number, of sane length."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value) if isinstance(value, str) or abs(value) < 10**MAX_ID else ""
    return text if 0 < len(text) <= MAX_ID and text.isprintable() else None


def vendor_word(value: object) -> str | None:
    """A vendor's code or one-word status; anything longer could be a text or a number of a person and is dropped."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value) if isinstance(value, str) or abs(value) < 10**6 else ""
    return text if WORD.match(text) else None
