"""The key ring: master keys, newest first, from which every purpose draws its own key."""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12
MAX_KID = 16
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def b64(data: bytes) -> str:
    """URL-safe base64 without padding."""
    return binascii.b2a_base64(data, newline=False).translate(_URL_SAFE, b"=").decode()


def unb64(text: str) -> bytes:
    """The reverse of b64; ValueError on anything else."""
    if "+" in text or "/" in text:
        raise ValueError("not base64url")  # one value has one spelling
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def mac(key: bytes, *parts: str | bytes | None) -> bytes:
    """HMAC-SHA256 over parts that can't run into each other: each is length-prefixed, None differs from empty."""
    message = bytearray()
    for part in parts:
        if part is None:
            message += b"\xff\xff\xff\xff"
        else:
            data = part.encode() if isinstance(part, str) else part
            message += len(data).to_bytes(4, "big") + data
    if len(key) != KEY_BYTES:  # of one call, such as a session's: not to be kept
        return hmac.digest(key, message, "sha256")
    begun = _begun(key).copy()
    begun.update(message)
    return begun.digest()


@lru_cache(maxsize=64)
def _begun(key: bytes) -> hmac.HMAC:
    """An HMAC under a key that lives long: a copy costs half of what OpenSSL takes to begin one."""
    return hmac.new(key, digestmod="sha256")


class UnknownKid(LookupError):
    """A stored value was made with a key that the ring no longer holds."""


class KeyRing:
    """The master keys by kid, newest first; `current` makes, every kid opens."""

    def __init__(self, masters: Mapping[str, bytes]) -> None:
        if not masters:
            raise ValueError("a key ring needs at least one key")
        self._masters = dict(masters)
        self.kids = tuple(self._masters)
        self.current = self.kids[0]
        self._derived: dict[tuple[str, str], bytes] = {}
        self._ciphers: dict[str, AESGCM] = {}

    def key(self, purpose: str, kid: str) -> bytes:
        """The 32-byte key of one purpose under one kid (HKDF-SHA256)."""
        known = self._derived.get((purpose, kid))
        if known is None:
            master = self._masters.get(kid)
            if master is None:
                raise UnknownKid(f"the key ring has no key {kid!r}: add it back to OTP_MASTER_KEYS")
            known = HKDF(SHA256(), KEY_BYTES, None, f"otp-service/{purpose}/{kid}".encode()).derive(master)
            self._derived[purpose, kid] = known
        return known

    def seal(self, data: bytes, bound_to: str, nonce: bytes) -> str:
        """AES-256-GCM under the newest key, openable only beside the name it was bound to; `kid.base64url`."""
        sealed = self._cipher(self.current).encrypt(nonce, data, bound_to.encode())
        return f"{self.current}.{b64(nonce + sealed)}"

    def open(self, sealed: str, bound_to: str) -> bytes:
        """What seal() was given; UnknownKid or ValueError if it can't be opened."""
        kid, _, body = sealed.partition(".")
        raw = unb64(body)
        try:
            return self._cipher(kid).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound_to.encode())
        except InvalidTag as error:
            raise ValueError("a sealed value does not open: it was changed, or moved from its place") from error

    def _cipher(self, kid: str) -> AESGCM:
        cipher = self._ciphers.get(kid)
        if cipher is None:
            cipher = self._ciphers[kid] = AESGCM(self.key("seal", kid))
        return cipher


@lru_cache(maxsize=8)
def parse_ring(text: str) -> KeyRing:
    """The ring of `kid:base64[,kid:base64]`, newest first; ValueError says which entry is wrong and what to do."""
    masters: dict[str, bytes] = {}
    for number, entry in enumerate(text.split(","), 1):
        kid, _, encoded = entry.strip().partition(":")
        if not (kid.isascii() and kid.isalnum() and len(kid) <= MAX_KID):
            raise ValueError(
                f"entry {number} must look like kid:base64, the kid 1 to {MAX_KID} ASCII letters or digits"
            )
        if kid in masters:
            raise ValueError(f"entry {number} repeats the kid {kid!r}")
        try:
            master = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise ValueError(f"entry {number} ({kid}) is not base64") from error
        if len(master) < KEY_BYTES:
            raise ValueError(
                f"entry {number} ({kid}) has {len(master)} bytes; make one of {KEY_BYTES}: openssl rand -base64 32"
            )
        masters[kid] = master
    return KeyRing(masters)


def canonical(value: object) -> str:
    """JSON with one spelling per value: what fingerprints and digests are taken of."""
    return _CANONICAL.encode(value)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
