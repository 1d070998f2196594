"""Smart encoding: typography that has a plain twin in GSM 7-bit, and what a person may write instead of the rest.

Replaced is only what means the same. A half is not: 1½ would become 11/2. Nor are letters, whose accent belongs to the
word, and nothing that would put a letter, @, #, a slash, a colon or a full stop where links.plain() sees none.
"""

import unicodedata
from dataclasses import dataclass

from otp_service.domain.text.gsm7 import GSM7

_REPLACED = (
    dict.fromkeys("‘’‚‛′‵`´ʹʻʼʽˈˊˋ❛❜＇", "'")
    | dict.fromkeys("“”„‟″‶«»〝〞〟❝❞＂", '"')
    | {"‹": "<", "›": ">", "˜": "~", "∼": "~", "ˆ": "^", "‥": "..", "…": "..."}
    | dict.fromkeys("‐‑‒–—―⁃−﹘﹣－", "-")
    | dict.fromkeys("•‣◦▪▫●○■□◾◽", "-")
    | dict.fromkeys("\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f", " ")
    | dict.fromkeys("\u205f\u3000", " ")
    | dict.fromkeys("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f\ufeff", "")
)
LOOK_ALIKES = str.maketrans(_REPLACED)

# Told, never done: these change a word, a sum or a name, which only its author may.
_ADVICE = {
    "½": "1/2",
    "¼": "1/4",
    "¾": "3/4",
    "™": "(TM)",
    "®": "(R)",
    "©": "(C)",
    "°": "deg.",
    "×": "x",
    "→": "->",
    "←": "<-",
    "≤": "<=",
    "≥": ">=",
    "⁄": "/",
    "ı": "i",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "œ": "oe",
    "Œ": "OE",
    "₹": "Rs.",
    "₺": "TL",
    "₽": "RUB",
    "₴": "UAH",
    "₪": "ILS",
}


@dataclass(frozen=True, slots=True)
class Culprit:
    """A character that pushes a text into UCS-2: where it first stands (from 0), and what might stand there."""

    position: int
    character: str
    name: str  # its name in Unicode
    instead: str | None  # None: nothing in GSM 7-bit comes near; "" leaves it away


def to_gsm(text: str) -> str:
    """The text with typography replaced by its plain twin where that brings it into GSM 7-bit; else as it was."""
    if GSM7.issuperset(text):
        return text
    plain = text.translate(LOOK_ALIKES)
    return plain if GSM7.issuperset(plain) else text


def culprits(text: str) -> list[Culprit]:
    """Each character outside GSM 7-bit once, in order of appearance."""
    found = dict.fromkeys(character for character in text if character not in GSM7)
    return [Culprit(text.index(each), each, name_of(each), instead(each)) for each in found]


def name_of(character: str) -> str:
    """A character's name in Unicode; its code point if it has none."""
    return unicodedata.name(character, f"U+{ord(character):04X}")


def instead(character: str) -> str | None:
    """What GSM 7-bit has in place of a character: its plain twin, what comes near, or the letter under its accent."""
    known = _REPLACED.get(character, _ADVICE.get(character))
    if known is not None:
        return known
    base = "".join(each for each in unicodedata.normalize("NFKD", character) if not unicodedata.combining(each))
    return base if base and GSM7.issuperset(base) else None
