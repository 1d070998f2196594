"""Signatures of webhooks by Standard Webhooks 1.0: HMAC-SHA256 (`v1`) and Ed25519 (`v1a`).

Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md. Keys are text: `whsec_`, `whsk_` and
`whpk_` before base64 of a secret of 24 to 64 bytes, a private key's seed and a public key.
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SECRET, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"
SECRET_BYTES = SEED_BYTES = 32
TOLERANCE_S = 300
_SIZES = {SECRET: range(24, 65), PRIVATE: range(32, 33), PUBLIC: range(32, 33)}
MOST_SIGNATURES = 16  # of one delivery, lest a sender make a receiver compute without end


def key_text(prefix: str, raw: bytes) -> str:
    """A key as people copy it."""
    return prefix + base64.b64encode(raw).decode()


def public_key(private: str) -> str:
    """The `whpk_` that belongs to a `whsk_`."""
    return key_text(PUBLIC, Ed25519PrivateKey.from_private_bytes(_raw(private)[1]).public_key().public_bytes_raw())


def signatures(keys: Sequence[str], id: str, timestamp_s: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature for each key, so that a receiver may know the old or the new."""
    content = _content(id, str(timestamp_s), body)
    return " ".join(_signature(key, content) for key in keys)


def verify(keys: Sequence[str], headers: Mapping[str, str], body: bytes, now_s: float) -> None:
    """Accepts a delivery that one of these keys (`whsec_`, `whpk_`) signed just now; ValueError for any other."""
    id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    # Compared, not subtracted: no float holds a huge number.
    if not (
        timestamp.isascii() and timestamp.isdigit() and now_s - TOLERANCE_S <= int(timestamp) <= now_s + TOLERANCE_S
    ):
        raise ValueError("the timestamp is too old, too new or none")
    content = _content(id, timestamp, body)
    given = headers["webhook-signature"].split(" ")[:MOST_SIGNATURES]
    if not any(_is_signed(key, signature, content) for key in keys for signature in given):
        raise ValueError("no signature is right")


def _content(id: str, timestamp: str, body: bytes) -> bytes:
    return f"{id}.{timestamp}.".encode() + body


def _hmac(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, "sha256")


def _ed25519(key: bytes, content: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(key).sign(content)


_SIGNERS: dict[str, tuple[str, Callable[[bytes, bytes], bytes]]] = {SECRET: ("v1", _hmac), PRIVATE: ("v1a", _ed25519)}


def _signature(key: str, content: bytes) -> str:
    prefix, raw = _raw(key)
    version, sign = _SIGNERS[prefix]
    return f"{version},{base64.b64encode(sign(raw, content)).decode()}"


def _is_signed(key: str, signature: str, content: bytes) -> bool:
    prefix, raw = _raw(key)
    version, _, encoded = signature.partition(",")
    try:
        given = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return False
    if prefix == SECRET:
        return version == "v1" and hmac.compare_digest(_hmac(raw, content), given)
    return version == "v1a" and _is_ed25519(raw, given, content)


def _is_ed25519(public: bytes, given: bytes, content: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(given, content)
    except InvalidSignature:
        return False
    return True


def _raw(key: str) -> tuple[str, bytes]:
    """The prefix and the bytes of a key; ValueError, which doesn't repeat it, if it is none."""
    for prefix, sizes in _SIZES.items():
        if key.startswith(prefix):
            raw = base64.b64decode(key.removeprefix(prefix), validate=True)
            if len(raw) in sizes:
                return prefix, raw
    raise ValueError("a webhook's key is whsec_, whsk_ or whpk_ and base64 of the right length")
