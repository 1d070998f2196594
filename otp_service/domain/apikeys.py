"""API keys: `otp_live_<id>_<secret>_<crc>`; the checksum lets scanners of leaked secrets tell a real one."""

import hashlib
import hmac
import zlib
from dataclasses import dataclass

SCOPES = ("verifications:start", "verifications:check", "factors", "messages", "reports", "admin")
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_BYTES, SECRET_BYTES = 16, 32
ID_LENGTH, SECRET_LENGTH, CRC_LENGTH = 22, 43, 6


@dataclass(frozen=True, slots=True)
class Presented:
    """A key as a caller showed it: well-formed, not yet known."""

    id: str  # key_...
    secret: str
    test: bool


def base62(data: bytes, length: int) -> str:
    """The bytes in 62 symbols, padded to the length."""
    number, text = int.from_bytes(data, "big"), ""
    for _ in range(length):
        number, digit = divmod(number, 62)
        text = _BASE62[digit] + text
    return text


def make(test: bool, id_random: bytes, secret_random: bytes) -> tuple[str, str]:
    """A fresh key's id and its whole text, which is shown once."""
    id_, secret = base62(id_random, ID_LENGTH), base62(secret_random, SECRET_LENGTH)
    body = f"otp_{'test' if test else 'live'}_{id_}_{secret}"
    return f"key_{id_}", f"{body}_{_crc(body)}"


def read(text: str) -> Presented | None:
    """The parts of a well-formed key, or None."""
    parts = text.split("_")
    if len(parts) != 5 or parts[0] != "otp" or parts[1] not in ("live", "test"):
        return None
    body, _, crc = text.rpartition("_")
    if not text.isascii() or crc != _crc(body):
        return None
    return Presented(f"key_{parts[2]}", parts[3], parts[1] == "test")


def hashed(secret: str) -> str:
    """What is stored: SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str, stored: str) -> bool:
    """Whether this is the secret of the stored hash, in constant time."""
    return hmac.compare_digest(hashed(secret), stored)


def _crc(body: str) -> str:
    return base62(zlib.crc32(body.encode()).to_bytes(4, "big"), CRC_LENGTH)
