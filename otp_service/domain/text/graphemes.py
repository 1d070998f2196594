"""Where a text may be cut so that no person sees half a character: the rules of UAX #29 (Unicode 15.1) that count.

Categories come from Python's own tables. Left out are control characters, which texts do not have, and the few
prepended marks (GB9b).
"""

import unicodedata
from collections.abc import Sequence

ZWJ = "\u200d"
_EXTENDING = frozenset({"Mn", "Me", "Mc"})
_ALSO_EXTENDING = frozenset("\u200c\u200d\u0e33\u0eb3\uff9e\uff9f")  # joiners, Thai and Lao AM, half-width voicing
_VIRAMA = 9  # canonical combining class of what makes a consonant wait for the next (GB9c)


def joins(text: str, at: int) -> bool:
    """True if a cut before the character at this place would part what is shown as one."""
    if at <= 0 or at >= len(text):
        return False
    before, after = text[at - 1], text[at]
    if before < "\u0300" and after < "\u0300":
        return before == "\r" and after == "\n"
    return _extends(after) or _holds(text, at, before, after)


def _extends(character: str) -> bool:
    """GB9 and GB9a: marks, joiners, skin tones and tags belong to what is before them."""
    return (
        unicodedata.category(character) in _EXTENDING
        or character in _ALSO_EXTENDING
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
    )


def _holds(text: str, at: int, before: str, after: str) -> bool:
    """The rules that look at both sides: emoji sequences, conjuncts, syllables of Hangul and flags."""
    if before == ZWJ and unicodedata.category(after) == "So":
        return True  # GB11
    linker = text[at - 2 : at - 1] if before == ZWJ else before
    if linker and unicodedata.combining(linker) == _VIRAMA:
        return unicodedata.category(after) == "Lo"  # GB9c
    if _is_flag_half(before) and _is_flag_half(after):
        return _flag_halves_before(text, at) % 2 == 1  # GB12, GB13
    return _is_syllable(before, after)


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_halves_before(text: Sequence[str], at: int) -> int:
    start = at
    while start and _is_flag_half(text[start - 1]):
        start -= 1
    return at - start


def _is_syllable(before: str, after: str) -> bool:
    """GB6 to GB8: a leading consonant, vowels and trailing consonants of Hangul."""
    leading, whole = "\u1100" <= before <= "\u115f", "\uac00" <= before <= "\ud7a3"
    open_ = "\u1160" <= before <= "\u11a7" or (whole and (ord(before) - 0xAC00) % 28 == 0)
    vowel, trailing = "\u1160" <= after <= "\u11a7", "\u11a8" <= after <= "\u11ff"
    if leading:
        return "\u1100" <= after <= "\u11a7" or "\uac00" <= after <= "\ud7a3"
    if open_:
        return vowel or trailing
    return trailing and (whole or "\u11a8" <= before <= "\u11ff")
