"""Slots: the places in a template that values fill, such as {code} or {sum:amount}, and what each type takes."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from otp_service.domain.errors import invalid_field

MAX_VARIABLE = 40
OURS = frozenset({"code", "minutes", "app"})  # slots that the service fills; a caller's variable can't take their names

SLOT = re.compile(r"\{([A-Za-z][A-Za-z0-9_]{0,31})(?::([A-Za-z0-9_]{1,32}))?\}")
SLOT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")

# Any script's digits, as people read them; groups of three, or as in India of two and then three.
_NUMBER = re.compile(
    r"[+\-−]?(?:\d{1,15}|\d{1,3}(?:(['’., \u00a0\u202f٬])\d{2,3}(?:\1\d{2,3})*)?(?<=\d{3}))(?:[.,٫]\d{1,6})?"
)
# A code of ISO 4217, a sign (US$ too), or what formatters write instead of one (CLDR's local symbols).
_LOCAL = r"kr\.?|zł|Kč|Ft|lei|лв\.?|Fr\.?|Rs\.?|RM|Rp|R|S/|TL|KM|din\.?|ден\.?|円|元|원|د\.إ\.?|ر\.س\.?|ج\.م\.?|د\.ج\.?"
_CURRENCY = rf"[A-Z]{{3}}|[A-Z]{{0,3}}[$¢-¥֏؋৲৳૱௹฿៛\u20a0-\u20cf﷼]|{_LOCAL}"
_SPACE = "[ \u00a0\u202f]"
_AMOUNT = re.compile(rf"(?P<before>{_CURRENCY})?{_SPACE}?(?P<number>.*?){_SPACE}?(?P<after>{_CURRENCY})?")
_DATE = re.compile(r"(\d{1,4})([-./])(\d{1,2})\2(\d{1,4})")
_EAST_ASIAN_DATE = re.compile(r"(\d{4})[年년] ?(\d{1,2})[月월] ?(\d{1,2})[日일]")
_TIME = re.compile(r"([01]?\d|2[0-3])[:.h][0-5]\d(?::[0-5]\d)?(?:[ \u00a0\u202f]?[AaPp]\.?[Mm]\.?)?")
_DIGITS = re.compile(r"[0-9]+")
_IN_A_WORD = frozenset("-'’\u200c\u200d")
_MARKS = re.compile("[\u200e\u200f\u061c]")  # Arabic and Hebrew amounts and dates come with them


@dataclass(frozen=True, slots=True)
class Body:
    """A body in its parts: literals and slot names in turn, a literal first and last, and the types of its slots."""

    pieces: tuple[str, ...]
    slots: tuple[str, ...]
    types: tuple[str, ...]
    typed: tuple[tuple[str, str], ...]  # name and type of those that want more than a text
    open: bool  # a caller's value may stand in it


@lru_cache(maxsize=4096)
def read_body(body: str, field: str = "body") -> Body:
    """The parts of a body; Refusal of the field for braces that are no slot, and types that are none."""
    split = SLOT.split(body)
    literals, names, types = split[::3], split[1::3], [each or "text" for each in split[2::3]]
    if any("{" in literal or "}" in literal for literal in literals):
        raise invalid_field(field, "has braces that are no slot; a slot is {name} or {name:type}", "unknown_syntax")
    if not TYPES.keys() >= set(types):
        raise invalid_field(field, f"a slot's type is one of {', '.join(TYPES)}", "unknown_type")
    if any(name in OURS and type_ != "text" for name, type_ in zip(names, types, strict=True)):
        raise invalid_field(field, "the service's own slots (code, minutes, app) take no type", "unknown_type")
    if len(set(names)) < len(set(zip(names, types, strict=True))):
        raise invalid_field(field, "a slot that stands twice has one type", "unknown_type")
    pieces = [literals[0]]
    for name, literal in zip(names, literals[1:], strict=True):
        pieces += [name, literal]
    typed = tuple(pair for pair in zip(names, types, strict=True) if pair[1] != "text")
    return Body(tuple(pieces), tuple(names), tuple(types), typed, not OURS.issuperset(names))


def check_types(body: Body, values: Mapping[str, str]) -> None:
    """Refuses a value that is not what its slot's type wants, by the slot's name."""
    for name, type_ in body.typed:
        wanted, fits = TYPES[type_]
        if not fits(_MARKS.sub("", values[name])):
            raise invalid_field("variables", f"{name} must be {wanted}", "slot_type")


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _is_amount(text: str) -> bool:
    found = _AMOUNT.fullmatch(text)
    return found is not None and (found["before"] is None) != (found["after"] is None) and _is_number(found["number"])


def _is_date(text: str) -> bool:
    """Year, month and day, or day and month in either order and the year: one of them has to be a real day."""
    found = _DATE.fullmatch(text)
    first, middle, last = found.group(1, 3, 4) if found else ("", "", "")
    if len(first) == 4 and len(last) <= 2:
        return _is_day(first, middle, last)
    if len(first) <= 2 and len(last) in (2, 4):
        return _is_day(last, middle, first) or _is_day(last, first, middle)
    east_asian = _EAST_ASIAN_DATE.fullmatch(text)
    return east_asian is not None and _is_day(*east_asian.groups())


def _is_day(year: str, month: str, day: str) -> bool:
    try:
        date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    except ValueError:
        return False
    return True


def _is_time(text: str) -> bool:
    return _TIME.fullmatch(text) is not None


def _is_word(text: str) -> bool:
    return text[:1].isalnum() and all(
        character in _IN_A_WORD or unicodedata.category(character)[0] in "LMN" for character in text
    )


def _is_digits(text: str) -> bool:
    return _DIGITS.fullmatch(text) is not None


# Type -> what it wants, in words for "must be ...", and whether a value is that.
TYPES: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "text": (f"at most {MAX_VARIABLE} characters", lambda text: len(text) <= MAX_VARIABLE),
    "number": ("a number, such as 12 or 1'234.5", _is_number),
    "amount": ("an amount with its currency, such as 12.50 CHF or €12.50", _is_amount),
    "date": ("a date in figures, such as 2027-01-31 or 31.01.2027", _is_date),
    "time": ("a time of day, such as 14:30 or 2:30 pm", _is_time),
    "word": ("one word of letters and digits, without spaces or dots", _is_word),
    "digits": ("digits 0 to 9 and nothing else", _is_digits),
}
