"""A text cut into the segments that phones put together again: as many as are paid for, and no character cut in two."""

from bisect import bisect_right
from itertools import accumulate

from otp_service.domain.messages import Encoding
from otp_service.domain.text.graphemes import joins
from otp_service.domain.text.gsm7 import encode
from otp_service.domain.text.size import ROOM, WIDE_ROOM, measure, width


def segments(text: str, *, wide: bool = False) -> tuple[str, ...]:
    """The parts of a text, joined the text again; `wide` leaves room for a concatenation reference of 16 bits.

    A part never ends within an escape or surrogate pair; within what is shown as one character only where anything else
    would cost a segment more.
    """
    size = measure(text)
    alone, shared = (WIDE_ROOM if wide else ROOM)[size.encoding]
    if size.units <= alone:
        return (text,)
    ends = tuple(accumulate(width(character, size.encoding) for character in text))
    left, start, parts = _count(ends, 0, shared), 0, []
    while left > 1:
        cut = _cut(text, ends, start, shared, left)
        parts.append(text[start:cut])
        start, left = cut, left - 1
    return (*parts, text[start:])


def encoded(part: str, encoding: Encoding) -> bytes:
    """A part as octets before packing: septets, a byte each, or UTF-16."""
    return encode(part) if encoding == "gsm7" else part.encode("utf-16-be", "surrogatepass")


def _cut(text: str, ends: tuple[int, ...], start: int, room: int, left: int) -> int:
    """Where the part that begins here ends: the last place between two graphemes, if the rest then still fits."""
    full = _full(ends, start, room)
    at = full
    while at > start and joins(text, at):
        at -= 1
    return at if at > start and _count(ends, at, room) < left else full


def _full(ends: tuple[int, ...], start: int, room: int) -> int:
    """The end of a part that begins here and takes whatever fits."""
    used = ends[start - 1] if start else 0
    return bisect_right(ends, used + room, start)


def _count(ends: tuple[int, ...], start: int, room: int) -> int:
    """How many parts the text from here on takes at least."""
    parts = 0
    while start < len(ends):
        start, parts = _full(ends, start, room), parts + 1
    return parts
