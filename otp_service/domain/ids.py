"""Ids that name their keys: a verification id carries its subject and tag, and a MAC that says whose it is."""

import hmac
from dataclasses import dataclass

from otp_service.domain.keys import b64, mac, unb64

SUBJECT_BYTES = 12
TAG_BYTES = 4
RANDOM_BYTES = 16
MAC_BYTES = 4
PLACE_BYTES = 4
_PREFIX = "ver_"
_LENGTH = len(_PREFIX) + (SUBJECT_BYTES + TAG_BYTES + RANDOM_BYTES + MAC_BYTES) * 4 // 3


@dataclass(frozen=True, slots=True)
class Address:
    """Where a verification lives: its subject (application and number) and the tag of its purpose."""

    subject: bytes
    tag: bytes

    def cell(self, cells: int) -> int:
        """The cell whose hash tag all keys of this subject share."""
        return int.from_bytes(self.subject[:4], "big") % cells


def address(index_key: bytes, realm: str, to: str, purpose: str) -> Address:
    """The address of (realm, number, purpose); a realm is an application, test keys have their own."""
    subject = mac(index_key, "subject", realm, to)[:SUBJECT_BYTES]
    return Address(subject, _tag(subject, purpose))


def is_of(at: Address, purpose: str) -> bool:
    """Whether this is where a verification for that purpose lives."""
    return at.tag == _tag(at.subject, purpose)


def _tag(subject: bytes, purpose: str) -> bytes:
    return mac(subject, purpose)[:TAG_BYTES]


def verification_id(index_key: bytes, realm: str, at: Address, random: bytes) -> str:
    """A fresh id at this address; `random` is 16 bytes from a CSPRNG."""
    body = at.subject + at.tag + random
    return _PREFIX + b64(body + mac(index_key, "id", realm, body)[:MAC_BYTES])


def read_verification_id(index_key: bytes, realm: str, text: str) -> Address | None:
    """The address an id names, or None for a malformed, forged or foreign one."""
    if len(text) != _LENGTH or not text.startswith(_PREFIX) or not text.isascii():
        return None
    try:
        raw = unb64(text[len(_PREFIX) :])
    except ValueError:
        return None
    body, seal = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if not hmac.compare_digest(seal, mac(index_key, "id", realm, body)[:MAC_BYTES]):
        return None
    return Address(body[:SUBJECT_BYTES], body[SUBJECT_BYTES : SUBJECT_BYTES + TAG_BYTES])


def address_of(verification: str) -> Address:
    """The address in an id that this service made itself (a queue entry, a fact); it is not verified here."""
    raw = unb64(verification[len(_PREFIX) :])
    return Address(raw[:SUBJECT_BYTES], raw[SUBJECT_BYTES : SUBJECT_BYTES + TAG_BYTES])


def message_id(random: bytes) -> str:
    """A fresh id for a message of a verification, which holds its state; `random` is 16 bytes from a CSPRNG."""
    return "msg_" + b64(random)


def own_message_id(place: bytes, random: bytes) -> str:
    """A fresh id for a message of its own, which names its cell; `place` is 4 bytes, `random` 16 from a CSPRNG."""
    return "msg_" + b64(place + random)


def message_place(message: str) -> bytes | None:
    """The place in the id of a message of its own; None for a message of a verification, and for what is no id."""
    try:
        raw = unb64(message.removeprefix("msg_"))
    except ValueError:
        return None
    return raw[:PLACE_BYTES] if message.startswith("msg_") and len(raw) == PLACE_BYTES + RANDOM_BYTES else None
