"""The names of a vendor's message id: what it is kept under, and what a report's id is looked for under.

Vendors change an id's case, its leading zeros, its dashes and even its base between their answer and their report
(jookies/jasmin issues 375, 405, 423, 616, 643 and 763; SMPP 3.4 leaves the id's form open). The id as it was given is
one name; `~` begins its folded form and `#` its value as a number, so that no guess ever takes an exact id's place.
"""

import re

_UUID = re.compile(r"([0-9a-f]{1,8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})")
_DECIMAL = re.compile(r"[0-9]{1,20}")
_HEX = re.compile(r"[0-9a-f]{1,16}")  # SMPP 3.4 ids that are numbers have at most 64 bits


def names(id: str) -> tuple[str, ...]:
    """Every name of an id, the surest first; two ids that may be one and the same have one in common."""
    folded = fold(id)
    return tuple(dict.fromkeys((f"={id}", f"~{folded}", *(f"#{value}" for value in _values(folded)))))


def fold(id: str) -> str:
    """An id in lower case, without leading zeros, and without dashes if it is a UUID."""
    text = id.strip().lower()
    uuid = _UUID.fullmatch(text)
    return ("".join(uuid.groups()) if uuid else text).lstrip("0") or "0"


def _values(folded: str) -> list[int]:
    """The numbers that an id may be: digits may be of either base."""
    values = [int(folded)] if _DECIMAL.fullmatch(folded) else []
    return [*values, int(folded, 16)] if _HEX.fullmatch(folded) else values
