"""What is said of a text that has not the shape that its field wants: words instead of a regular expression."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_COUNTRY = "two capital letters, a country of ISO 3166-1 such as CH"
_HOST = "a host in small letters such as shop.example"
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_PREFIX = "the beginning of a number with its country code, such as +4179"
# A text should be..., by the pattern of its field.
WORDS = {
    r"^[a-z0-9_.-]{1,32}$": "1 to 32 of a to z, 0 to 9, dot, dash and underscore",
    r"^[A-Za-z0-9]{5,10}$": "5 to 10 of A to Z, a to z and 0 to 9, without spaces",
    r"^[A-Za-z][A-Za-z0-9_]{0,31}$": "a letter from A to Z or a to z, then at most 31 of these, 0 to 9 and underscore",
    r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$": "a language tag such as de or pt-BR",
    r"^[!-~]{1,64}$": "1 to 64 visible ASCII characters, without spaces",
    r"^[!-~]{1,256}$": "1 to 256 visible ASCII characters, without spaces",
    r"^[A-Za-z0-9+ &_.-]{1,32}$": "1 to 32 of A to Z, a to z, 0 to 9, space and + & _ . -",
    r"^[^\x00-\x1f\x7f-\x9f:]+$": "free of colons and control characters",
    r"^[^\x00-\x1f\x7f-\x9f]+$": "free of control characters",
    r"^[0-9]{6,8}$": "6 to 8 digits from 0 to 9, without spaces",
    r"^[0-9]{1,30}$": "1 to 30 digits",
    r"^#[0-9a-f]{6}$": "a colour in small hexadecimal digits such as #0a7d4b",
    r"^\d{4}-\d{2}-\d{2}$": "a date such as 2027-01-31",
    r"^[A-Za-z0-9+/]{11}$": "the 11 characters by which Android knows an app",
    rf"^{_LABEL}(\.{_LABEL})+$": _HOST,
    rf"^{_LABEL}(\.{_LABEL})+(:[0-9]{{1,5}})?$": f"{_HOST}, with a port or without",
    r"^[A-Z]{2}$": _COUNTRY,
    r"^([A-Z]{2}|001)$": f"{_COUNTRY}, or 001 for numbers of no country",
    r"^[A-Z0-9]{2,3}$": f"{_COUNTRY}, or 001 for numbers of no country",
    r"^[+ ]?[1-9][0-9]{1,14}$": _PREFIX,
    r"^\+[0-9]{2,15}$": _PREFIX,
    r"^[a-z_]{1,40}$": "the code of a refusal such as rate_limited",
    r"^[a-z_]+(\.[a-z_]+)*(\.\*)?$": "an act such as lock.lift, or the beginning of several such as lock.*",
}


def complaint(error: "ErrorDetails") -> str:
    """What pydantic has against a value, without the value; its errors are asked for with their context."""
    words = WORDS.get(error["ctx"]["pattern"]) if error["type"] == "string_pattern_mismatch" else None
    return f"String should be {words}" if words else error["msg"].removeprefix("Value error, ")
