"""The user data header of an SMS (3GPP TS 23.040, section 9.2.3.24): which part of a text this is, and in which tables.

What a header costs: 6 octets for a concatenation with a reference of 8 bits, 7 with one of 16; see text.ROOM.
"""

from collections.abc import Iterator
from dataclasses import dataclass

EIGHT_BIT, SIXTEEN_BIT = 0x00, 0x08  # information elements, section 9.2.3.24
SINGLE_SHIFT, LOCKING_SHIFT = 0x24, 0x25
MOST_PARTS = 255
MOST_OCTETS = 140


@dataclass(frozen=True, slots=True)
class Concatenation:
    """This part of those that share a reference, counted from 1."""

    reference: int
    parts: int
    part: int
    wide: bool = False  # the reference has 16 bits

    def __post_init__(self) -> None:
        if not 1 <= self.part <= self.parts <= MOST_PARTS or not 0 <= self.reference < (65536 if self.wide else 256):
            raise ValueError("a part is one of at most 255, its reference a number of 8 or 16 bits")


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says that we understand; 0 is the default alphabet and its extension."""

    concatenation: Concatenation | None = None
    locking: int = 0
    single: int = 0


def build(header: Header) -> bytes:
    """The header's octets, its length in front; nothing at all if it says nothing."""
    elements = b"".join(_elements(header))
    return bytes([len(elements)]) + elements if elements else b""


def parse(octets: bytes) -> tuple[Header, int]:
    """The header at the front of user data and how many octets it takes; ValueError if it does not fit.

    Elements that we don't know are skipped, of one that comes twice the last counts, and an impossible concatenation is
    none, all as the standard wants.
    """
    length = octets[0] if octets else 0
    if not octets or length >= len(octets):
        raise ValueError("the header is longer than the user data")
    found = dict(_read(octets[1 : length + 1]))
    concatenation = next((each for id_, body in found.items() if (each := _concatenation(id_, body))), None)
    return Header(concatenation, _language(found, LOCKING_SHIFT), _language(found, SINGLE_SHIFT)), length + 1


def fill_bits(octets: int) -> int:
    """The bits between a header of so many octets and the first septet (figure 9.2.3.24 (a))."""
    return -8 * octets % 7


def _elements(header: Header) -> Iterator[bytes]:
    if header.concatenation is not None:
        of = header.concatenation
        reference = of.reference.to_bytes(2 if of.wide else 1, "big")
        yield _element(SIXTEEN_BIT if of.wide else EIGHT_BIT, reference + bytes([of.parts, of.part]))
    if header.single:
        yield _element(SINGLE_SHIFT, bytes([header.single]))
    if header.locking:
        yield _element(LOCKING_SHIFT, bytes([header.locking]))


def _element(id_: int, body: bytes) -> bytes:
    return bytes([id_, len(body)]) + body


def _read(octets: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(octets):
        body = octets[at + 2 : at + 2 + octets[at + 1]] if at + 1 < len(octets) else b""
        if at + 1 >= len(octets) or len(body) < octets[at + 1]:
            raise ValueError("an element of the header is cut off")
        yield octets[at], body
        at += 2 + len(body)


def _concatenation(id_: int, body: bytes) -> Concatenation | None:
    width = {EIGHT_BIT: 1, SIXTEEN_BIT: 2}.get(id_)
    if width is None or len(body) != width + 2:
        return None
    *_, parts, part = body
    if not 1 <= part <= parts:
        return None
    return Concatenation(int.from_bytes(body[:width], "big"), parts, part, wide=width == 2)


def _language(found: dict[int, bytes], id_: int) -> int:
    body = found.get(id_, b"")
    return body[0] if len(body) == 1 else 0
