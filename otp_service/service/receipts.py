"""Receipts: what providers report of messages, authenticated here and applied once."""

import json
import time
from collections.abc import Callable

from otp_service.domain.errors import Refusal
from otp_service.domain.keys import NONCE_BYTES, UnknownKid
from otp_service.domain.messages import RANKS, Callback
from otp_service.service.core import Core, random_bytes
from otp_service.store.receipts import apply_receipt


def receipts_path(core: Core, provider: str, message: str, verification: str) -> str:
    """The path under which a provider reports one message; its token can't be guessed or moved to another provider."""
    sealed = core.ring.seal(
        json.dumps([message, verification]).encode(), f"receipts:{provider}", random_bytes(NONCE_BYTES)
    )
    return f"/v1/callbacks/{provider}/{sealed}/receipts"


def accept_receipt(core: Core, name: str, token: str, read: Callable[[], Callback]) -> int:
    """How many reports were taken; Refusal unauthenticated for whatever the provider did not make.

    The request is read only once its token has opened: whoever has none must not hold a thread with a slow body.
    """
    provider = core.providers.get(name)
    if provider is None or not provider.sends_receipts:
        raise Refusal("not_found", "no provider of this name reports here")
    message, verification = _opened(core, name, token)
    callback = read()
    if not provider.authentic(callback, time.time()):
        raise Refusal("unauthenticated", "the signature of this callback is not right")
    receipts = provider.receipts(callback)
    for receipt in receipts:
        apply_receipt(
            core.link,
            core.cells,
            verification=verification,
            message=message,
            rank=RANKS[receipt.status],
            status=receipt.status,
            provider=name,
            reason=receipt.reason,
        )
    return len(receipts)


def _opened(core: Core, name: str, token: str) -> tuple[str, str]:
    try:
        message, verification = json.loads(core.ring.open(token, f"receipts:{name}"))
    except (UnknownKid, ValueError):
        raise Refusal("unauthenticated", "the token of this callback is not one of ours") from None
    return message, verification
