"""Proof of work in the ALTCHA format (version 1): a number is found by trying, and proves that somebody tried.

A challenge tells `salt` and `challenge` = SHA-256(salt + number); whoever finds the number sends it all back. Nothing
is kept here: the signature, under a key of whom it was made for, says that it is ours. The format is that of
altcha-lib/v1 (npm), of `v1` in altcha 2 (Python), and all versions of ALTCHA's widget know it.
"""

import binascii
import hashlib
import hmac
import json
import re
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

from otp_service.domain.keys import b64, mac

ALGORITHM = "SHA-256"
NONCE_BYTES = 12
RANDOM_BYTES = NONCE_BYTES + 16
ID_BYTES = 18
MOST_NUMBER = 10_000_000
MOST_PAYLOAD = 2048

# One spelling, of a fixed length, that ends before the number begins: no digit can move between salt and number
# (CVE-2025-68113), and no parameter can be told twice.
_SALT = re.compile(r"[0-9a-f]{24}\?expires=([0-9]{10})&")


@dataclass(frozen=True, slots=True)
class Bound:
    """Whom a challenge is made for; a solution opens nothing for anybody else. None differs from empty."""

    realm: str
    number: str
    network: str | None = None
    device: str | None = None

    def key(self, secret: bytes) -> bytes:
        """The key of this binding, as text: ALTCHA's libraries take no bytes."""
        return b64(mac(secret, "challenge", self.realm, self.number, self.network, self.device)).encode()


@dataclass(frozen=True, slots=True)
class Solution:
    """A challenge that was solved: its name, under which it is used up, and when it ends, in seconds since 1970."""

    id: str
    ends_s: int


def mint(key: bytes, ends_s: int, most: int, random: bytes) -> dict[str, Any]:
    """A challenge whose number is at most `most`; `random` is RANDOM_BYTES from a CSPRNG."""
    salt = f"{random[:NONCE_BYTES].hex()}?expires={ends_s:010d}&"
    number = int.from_bytes(random[NONCE_BYTES:], "big") % (most + 1)
    challenge = _digest(salt, number)
    return {
        "algorithm": ALGORITHM,
        "challenge": challenge,
        "maxnumber": most,
        "salt": salt,
        "signature": _signature(key, challenge),
    }


def solved(keys: list[bytes], payload: str, now_s: int) -> Solution | None:
    """What the payload solves under one of the keys; None for whatever is malformed, wrong, expired or foreign."""
    told = _read(payload)
    if told is None:
        return None
    salt, number, signature = told
    challenge = _digest(salt, number)
    ends_s = int(salt[-11:-1])
    signed = [hmac.compare_digest(signature, _signature(key, challenge)) for key in keys]
    if not any(signed) or now_s >= ends_s:
        return None
    return Solution(b64(bytes.fromhex(challenge)[:ID_BYTES]), ends_s)


def _read(payload: str) -> tuple[str, int, str] | None:
    """Salt, number and signature. What else is told (challenge, took) follows from these or means nothing."""
    try:
        told = json.loads(b64decode(payload, validate=True)) if len(payload) <= MOST_PAYLOAD else None
    except (binascii.Error, ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or told.get("algorithm") != ALGORITHM:
        return None
    salt, number, signature = told.get("salt"), told.get("number"), told.get("signature")
    if not (isinstance(salt, str) and _SALT.fullmatch(salt)):
        return None
    if type(number) is not int or not 0 <= number <= MOST_NUMBER:
        return None
    return (salt, number, signature) if isinstance(signature, str) and signature.isascii() else None


def _digest(salt: str, number: int) -> str:
    return hashlib.sha256(f"{salt}{number}".encode()).hexdigest()


def _signature(key: bytes, challenge: str) -> str:
    return hmac.digest(key, challenge.encode(), "sha256").hex()
