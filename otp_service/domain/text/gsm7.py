"""The GSM 7-bit alphabet (3GPP TS 23.038, sections 6.1.2.1 and 6.2.1): text to septets and back, and septets to octets.

A septet is a byte below 128 here; pack() puts eight of them into seven octets, as they travel.
"""

from otp_service.domain.text.shift_tables import BLANK, LOCKING
from otp_service.domain.text.single_shifts import SINGLE

ESCAPE = 0x1B
ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
ESCAPED = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
BASIC = frozenset(ALPHABET) - {"\x1b"}
EXTENSION = frozenset(ESCAPED.values())  # each takes two septets: an escape and its own
GSM7 = BASIC | EXTENSION

_SEPTETS = {ord(character): chr(at) for at, character in enumerate(ALPHABET) if at != ESCAPE} | {
    ord(character): f"\x1b{chr(at)}" for at, character in ESCAPED.items()
}


def encode(text: str) -> bytes:
    """The septets of a text; ValueError if a character is not in the alphabet."""
    if not GSM7.issuperset(text):
        raise ValueError("a character is not in the GSM 7-bit alphabet")
    return text.translate(_SEPTETS).encode("ascii")


def decode(septets: bytes, locking: int = 0, single: int = 0) -> str:
    """The text of septets under the tables of these language identifiers; one that nobody knows is the default.

    What an escape table lacks is read in the main one, a second escape is a space, and so is what the main one lacks.
    """
    table, escaped = LOCKING.get(locking, ALPHABET), SINGLE.get(single, ESCAPED)
    found, after_escape = [], False
    for septet in septets:
        if septet == ESCAPE and not after_escape:
            after_escape = True
            continue
        character = escaped.get(septet, table[septet]) if after_escape else table[septet]
        found.append(" " if character in (BLANK, "\x1b") else character)
        after_escape = False
    return "".join(found) + " " * after_escape


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Septets as octets, the first one in the lowest bits, after fill bits that align them behind a header."""
    bits = sum(septet << (7 * at) for at, septet in enumerate(septets)) << fill_bits
    return bits.to_bytes((fill_bits + 7 * len(septets) + 7) // 8, "little")


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """The first septets in octets; ValueError if there are fewer. Zeros that fill the last octet may look like an @."""
    if fill_bits + 7 * count > 8 * len(octets):
        raise ValueError("there are fewer septets than that")
    bits = int.from_bytes(octets, "little") >> fill_bits
    return bytes(bits >> (7 * at) & 0x7F for at in range(count))
