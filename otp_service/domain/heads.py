"""Heads of the audit chain as they go out: signed with Ed25519, so that whoever keeps one can show what was cut off.

The signing key is drawn from a master key of the ring, under a purpose of its own: it changes with the ring, and its
`kid` says with which. What is signed is these lines, without one at the end:

    otp-service audit head
    <seq>
    <hash>
    <at, milliseconds since 1970>
    <kid>
"""

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from otp_service.domain.keys import KeyRing, b64, unb64

PURPOSE = "audit-head"
_TITLE = "otp-service audit head"


@dataclass(frozen=True, slots=True)
class Head:
    """A head as it went out: entry `seq` was the newest and had this hash at this time."""

    seq: int
    hash: str
    at: int
    kid: str
    signature: str


def sign(ring: KeyRing, seq: int, hash: str, at_ms: int) -> Head:
    """The head under the newest key."""
    kid = ring.current
    signed = _key(ring.key(PURPOSE, kid)).sign(_said(seq, hash, at_ms, kid))
    return Head(seq, hash, at_ms, kid, b64(signed))


def is_signed(head: Head, public: str) -> bool:
    """Whether this public key (base64url) belongs to the head's signature."""
    try:
        key = Ed25519PublicKey.from_public_bytes(unb64(public))
        key.verify(unb64(head.signature), _said(head.seq, head.hash, head.at, head.kid))
    except (InvalidSignature, ValueError, TypeError):  # SQLite keeps values of any kind in any column
        return False
    return True


def public_key(ring: KeyRing, kid: str) -> str:
    """The public key of one kid, base64url of its 32 bytes; UnknownKid if it has left the ring."""
    return b64(_key(ring.key(PURPOSE, kid)).public_key().public_bytes_raw())


def jwks(ring: KeyRing) -> dict[str, Any]:
    """The public keys of the whole ring (RFC 8037), newest first; apart from those of proofs, which logins trust."""
    about = {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA"}
    return {"keys": [{**about, "kid": kid, "x": public_key(ring, kid)} for kid in ring.kids]}


def to_line(head: Head) -> str:
    """A head as one line of a file, without its end."""
    return json.dumps(asdict(head), separators=(",", ":"))


def from_line(line: str) -> Head:
    """The head that to_line() wrote; ValueError on anything else."""
    try:
        found = json.loads(line)
    except RecursionError:
        raise ValueError("not a head") from None
    if not isinstance(found, dict) or {name: type(value) for name, value in found.items()} != _FIELDS:
        raise ValueError("not a head")
    return Head(**found)


_FIELDS = {"seq": int, "hash": str, "at": int, "kid": str, "signature": str}


def _said(seq: int, hash: str, at_ms: int, kid: str) -> bytes:
    return "\n".join((_TITLE, str(seq), hash, str(at_ms), kid)).encode()


@lru_cache(maxsize=32)
def _key(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)
