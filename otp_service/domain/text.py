"""What a text takes on the air: its encoding, units and segments.

Alphabets from 3GPP TS 23.038 section 6.2.1; sizes from TS 23.040: 140 octets a segment, of which a header takes 6 as
soon as there is more than one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from otp_service.domain.messages import Encoding

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")  # each takes two units: an escape and itself
GSM7 = BASIC | EXTENSION
BEYOND_BMP = 0x10000  # from here on a character takes two units of UCS-2: a surrogate pair

# Units in a segment that stands alone, and in one of several.
ROOM: dict[Encoding, tuple[int, int]] = {"gsm7": (160, 153), "ucs2": (70, 67)}

# Typography that has a plain twin in GSM 7-bit. Letters are left alone: an accent belongs to its word.
LOOK_ALIKES = str.maketrans(
    dict.fromkeys("‘’‚‛′`´ʼ", "'")
    | dict.fromkeys("“”„‟″«»", '"')
    | {"‹": "<", "›": ">"}
    | dict.fromkeys("‐‑‒–—―−", "-")
    | dict.fromkeys("\t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000", " ")
    | dict.fromkeys("\u00ad\u200b\u200e\u200f\u2060\ufeff", "")
    | {"…": "..."}
)


@dataclass(frozen=True, slots=True)
class Measure:
    """The size of a text; `culprits` are the characters that pushed it out of GSM 7-bit, in order of appearance."""

    encoding: Encoding
    segments: int
    units: int  # septets in gsm7, 16-bit units in ucs2
    culprits: tuple[str, ...] = ()


def measure(text: str) -> Measure:
    """How a text travels and how many segments are paid for; an empty text still takes one."""
    odd = set(text) - BASIC
    if not odd:
        return Measure("gsm7", _segments(text, len(text), "gsm7"), len(text))
    if odd <= EXTENSION:
        units = len(text) + sum(map(text.count, odd))
        return Measure("gsm7", _segments(text, units, "gsm7"), units)
    units = len(text) + sum(1 for character in text if ord(character) >= BEYOND_BMP)
    culprits = tuple(dict.fromkeys(character for character in text if character not in GSM7))
    return Measure("ucs2", _segments(text, units, "ucs2"), units, culprits)


def to_gsm(text: str) -> str:
    """The text with typography replaced by its plain twin where that brings it into GSM 7-bit; else as it was."""
    if GSM7.issuperset(text):
        return text
    plain = text.translate(LOOK_ALIKES)
    return plain if GSM7.issuperset(plain) else text


def _segments(text: str, units: int, encoding: Encoding) -> int:
    alone, shared = ROOM[encoding]
    if units <= alone:
        return 1
    if units == len(text):
        return -(-units // shared)
    return _packed((_width(character, encoding) for character in text), shared)


def _width(character: str, encoding: Encoding) -> int:
    if encoding == "gsm7":
        return 2 if character in EXTENSION else 1
    return 2 if ord(character) >= BEYOND_BMP else 1


def _packed(widths: Iterable[int], room: int) -> int:
    """Segments needed when no character may be cut in two: a pair that doesn't fit leaves a unit empty."""
    segments, left = 1, room
    for width in widths:
        if width > left:
            segments, left = segments + 1, room
        left -= width
    return segments
