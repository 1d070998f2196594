"""What an admin may write into a field, whichever way it comes; Refusal invalid_field by the field's name."""

import re
import unicodedata

from otp_service.domain.errors import FieldError, Refusal, invalid_field
from otp_service.domain.phone import Number, parse_number
from otp_service.domain.text.links import plain
from otp_service.domain.times import LAST_MS
from otp_service.service.core import now_ms

MOST_REASON = 200
UNWELCOME = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})  # bidi controls and zero-width characters are Cf


def words(field: str, text: str, *, least: int, most: int) -> str:
    """One line of text for people."""
    if not least <= len(text) <= most:
        raise invalid_field(field, f"must have {least} to {most} characters")
    if UNWELCOME.search(text):
        raise invalid_field(field, "must not contain control characters or line breaks")
    return text


def shown_name(field: str, text: str, *, least: int, most: int) -> str:
    """A name that messages carry to people: dots and spaces are welcome, nothing that turns, hides or leads away is."""
    words(field, text, least=least, most=most)
    if any(unicodedata.category(character) in UNSEEN for character in text):
        raise invalid_field(field, "must not contain control or formatting characters")
    if any(mark in plain(text) for mark in ("@", "#", "://")):
        raise invalid_field(field, "must not contain @, # or ://")
    return text


def future(field: str, at_ms: int | None) -> int | None:
    """A time that is still to come, if there is one, and that can be told again."""
    if at_ms is not None and not now_ms() < at_ms <= LAST_MS:
        raise invalid_field(field, "must lie in the future, and before the year 10000")
    return at_ms


def number(field: str, text: str, default_region: str | None) -> Number:
    """A phone number."""
    try:
        return parse_number(text, default_region)
    except Refusal as refusal:
        raise under(field, refusal) from None


def under(field: str, refusal: Refusal) -> Refusal:
    """A refusal of one value as that of the field in which it came."""
    told: list[FieldError] = [{**error, "field": field} for error in refusal.errors]
    return Refusal(refusal.code, f"not valid: {field}", errors=told)
