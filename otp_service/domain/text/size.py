"""What a text takes on the air: its encoding, units and segments.

Sizes from 3GPP TS 23.040: 140 octets a segment, of which a header takes 6 as soon as there is more than one, 7 if its
reference has 16 bits.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from otp_service.domain.messages import Encoding
from otp_service.domain.text.gsm7 import BASIC, EXTENSION, GSM7

BEYOND_BMP = 0x10000  # from here on a character takes two units of UCS-2: a surrogate pair

# Units in a segment that stands alone, and in one of several.
ROOM: dict[Encoding, tuple[int, int]] = {"gsm7": (160, 153), "ucs2": (70, 67)}
WIDE_ROOM: dict[Encoding, tuple[int, int]] = {"gsm7": (160, 152), "ucs2": (70, 66)}


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
    units = len(text.encode("utf-16-be", "surrogatepass")) // 2
    culprits = tuple(character for character in dict.fromkeys(text) if character not in GSM7)
    return Measure("ucs2", _segments(text, units, "ucs2"), units, culprits)


def _segments(text: str, units: int, encoding: Encoding) -> int:
    alone, shared = ROOM[encoding]
    if units <= alone:
        return 1
    if units == len(text):
        return -(-units // shared)
    return _packed((width(character, encoding) for character in text), shared)


def width(character: str, encoding: Encoding) -> int:
    """The units that a character takes."""
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
