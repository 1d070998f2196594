"""Codes: derived from the verification's id, never stored; compared only as keyed digests."""

import hmac
from collections.abc import Mapping

from otp_service.domain.ids import Address
from otp_service.domain.keys import KeyRing, b64, canonical, mac

DIGITS = "0123456789"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # no I and no O: they are read as 1 and 0
MIXED = LETTERS + "23456789"
ALPHABETS = {"digits": DIGITS, "letters": LETTERS, "mixed": MIXED}
LENGTHS = {"digits": (6, 10), "letters": (5, 10), "mixed": (5, 10)}  # at least 20 bits (NIST SP 800-63B-4, 3.1.3.2)
DIGEST_BYTES = 18


def derive(key: bytes, verification: str, alphabet: str, length: int) -> str:
    """The code of one verification, uniform over its alphabet."""
    symbols = ALPHABETS[alphabet]
    fair = 256 - 256 % len(symbols)  # bytes above would favour the first symbols: throw them away
    code: list[str] = []
    block = 0
    while True:
        for byte in mac(key, "code", verification, alphabet, block.to_bytes(4, "big")):
            if byte < fair:
                code.append(symbols[byte % len(symbols)])
                if len(code) == length:
                    return "".join(code)
        block += 1


def code_of(ring: KeyRing, kid: str, verification: str, alphabet: str, length: int) -> str:
    """The code that was or will be sent for this verification."""
    return derive(ring.key("code", kid), verification, alphabet, length)


def digest(key: bytes, at: Address, user: str | None, binding: Mapping[str, str] | None, code: str) -> str:
    """What the store compares: nothing but the right code, user and binding at this address gives it."""
    tied = canonical(binding) if binding else None
    return b64(mac(key, "digest", at.subject, at.tag, user, tied, code)[:DIGEST_BYTES])


def bound(index_key: bytes, at: Address, user: str | None, binding: Mapping[str, str] | None, code: str | None) -> str:
    """What a start is tied to; keyed with the index key, so that it outlives a rotation of the ring."""
    tied = canonical(binding) if binding else None
    return b64(mac(index_key, "bound", at.subject, at.tag, user, tied, code)[:DIGEST_BYTES])


def alphabets_of(code: str) -> list[str]:
    """Every alphabet that this (upper-cased) code could be of; empty means that no verification can have it."""
    return [name for name, symbols in ALPHABETS.items() if code and all(symbol in symbols for symbol in code)]


def same(one: str, other: str) -> bool:
    """Equal, in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
