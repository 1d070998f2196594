"""Telnyx's signature on its events: Ed25519 over the time and the body.

Source: `lib/webhook_verification.py` of the SDK (telnyx 4.189), which the tests ask both ways.
"""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from otp_service.domain.messages import Callback
from otp_service.providers.proofs import is_fresh

KEY_BYTES = 32


def public_key(text: str) -> Ed25519PublicKey:
    """The key as the portal shows it, in base64; ValueError if it is none."""
    raw = base64.b64decode(text, validate=True)
    if len(raw) != KEY_BYTES:
        raise ValueError("not a key")
    return Ed25519PublicKey.from_public_bytes(raw)


def is_signed(callback: Callback, key: Ed25519PublicKey, now: float) -> bool:
    """True if the body is signed with a time that is at most five minutes away."""
    moment = callback.headers.get("telnyx-timestamp", "")
    if not is_fresh(moment, now):  # five minutes, as the SDK has it
        return False
    try:
        signature = base64.b64decode(callback.headers.get("telnyx-signature-ed25519", ""), validate=True)
        key.verify(signature, moment.encode() + b"|" + callback.body)
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True
