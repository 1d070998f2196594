"""Names that applications give to users and devices: some of them are telephone numbers, or nearly."""

import re

LEAST_DIGITS = 7  # of a number; an id of fewer digits stands as it is
_LIKE_A_NUMBER = re.compile(r"[\d\s+().,;:/\\_\-\u2010-\u2015]+")


def masked(text: str) -> str:
    """A text as it is, unless it is made of digits as numbers are."""
    digits = "".join(character for character in text if character.isdecimal())
    if len(digits) < LEAST_DIGITS or not _LIKE_A_NUMBER.fullmatch(text):
        return text
    return f"{digits[:2]}•••{digits[-2:]}"
