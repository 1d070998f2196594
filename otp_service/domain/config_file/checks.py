"""What a field of the configuration may hold: each check says what is wrong and what to do, and repeats no value."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import phonenumbers

from otp_service.domain.config_file.sections import NAME, Mistake

Check = Callable[[Any], str | None]
WHOLE_NUMBERS_UP_TO = 1000
MAX_PER_S = 100_000


def mistakes_in(
    table: Mapping[str, Any], checks: Mapping[str, Check], *, required: Iterable[str] = ()
) -> list[Mistake]:
    """Unknown fields, missing ones and those that fail their check."""
    known = ", ".join(checks)
    found = [(key, f"is not known here; known are {known}") for key in table if key not in checks]
    found += [(key, "is missing") for key in required if key not in table]
    return found + [
        (key, complaint)
        for key, check in checks.items()
        if table.get(key) is not None and (complaint := check(table[key]))
    ]


def name(value: object) -> str | None:
    if isinstance(value, str) and NAME.match(value):
        return None
    return "must be 1 to 32 lower-case letters, digits, - or _"


def text(value: object) -> str | None:
    return None if isinstance(value, str) and value.strip() else "must be a text"


def flag(value: object) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def whole(low: int, high: int, more: str = "") -> Check:
    """A whole number between bounds."""

    def check(value: object) -> str | None:
        if type(value) is int and low <= value <= high:
            return None
        return f"must be a whole number from {low} to {high}{more}"

    return check


priority = whole(0, WHOLE_NUMBERS_UP_TO, "; lower comes first")
weight = whole(0, WHOLE_NUMBERS_UP_TO, "; its share among equals of priority")


def per_s(value: object) -> str | None:
    if type(value) in (int, float) and 0 < value <= MAX_PER_S:  # type: ignore[operator]  # its type was just asked
        return None
    return "must be a number of messages a second, above 0"


def countries(value: object) -> str | None:
    if not (isinstance(value, list) and value and all(isinstance(country, str) for country in value)):
        return 'must be a list such as ["CH", "LI"]; leave it out for every country'
    unknown = [country for country in value if country not in phonenumbers.SUPPORTED_REGIONS]
    return f"unknown country {unknown[0][:8]!r}; use ISO 3166 codes such as CH" if unknown else None


def listed(pattern: str, told: str) -> Check:
    """A list of texts of one form."""
    form = re.compile(pattern)

    def check(value: object) -> str | None:
        fits = isinstance(value, list) and value and all(isinstance(one, str) and form.fullmatch(one) for one in value)
        return None if fits else f"must be a list of {told}"

    return check


def one_of(*words: str) -> Check:
    """One word of a closed list."""

    def check(value: object) -> str | None:
        return None if isinstance(value, str) and value in words else f"must be one of {', '.join(words)}"

    return check


def some_of(*words: str) -> Check:
    """A list of words of a closed list."""
    return listed("|".join(map(re.escape, words)), f"words among {', '.join(words)}")


def day(value: object) -> str | None:
    return None if day_ms(value) is not None else "must be a date such as 2026-01-31"


def day_ms(value: object) -> int | None:
    """A date or time of TOML, or one in a text, as milliseconds since 1970; a date begins at midnight in UTC."""
    try:
        found = datetime.fromisoformat(value if isinstance(value, str) else value.isoformat())  # type: ignore[attr-defined]
    except (AttributeError, ValueError):
        return None
    if not isinstance(value, str | date):  # a time of the day has no date
        return None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)
