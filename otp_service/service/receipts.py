"""Receipts: what providers report of messages, authenticated here and applied once.

A provider reports to an address of the message's own where its vendor takes one, else to one for the whole connection;
then the vendor's own id says which message is meant. A receipt never approves anything.
"""

import hmac
import json
import time
from collections.abc import Callable

from otp_service.domain.errors import Refusal
from otp_service.domain.keys import NONCE_BYTES, UnknownKid, b64, mac
from otp_service.domain.messages import Callback, Receipt
from otp_service.providers import Provider
from otp_service.service.core import Core, random_bytes
from otp_service.service.vendor_fetch import confirm, with_certificate
from otp_service.store import unmatched
from otp_service.store.receipts import Sent, apply_receipt, sent_as

TOKEN_BYTES = 16
NOBODYS = Callback("POST", "https://nobody.invalid/", {}, b"")


def receipts_path(core: Core, provider: str, message: str, verification: str) -> str:
    """The path under which a provider reports one message; its token can't be guessed or moved to another provider."""
    sealed = core.ring.seal(
        json.dumps([message, verification]).encode(), f"receipts:{provider}", random_bytes(NONCE_BYTES)
    )
    return f"/v1/callbacks/{provider}/{sealed}/receipts"


def connection_path(core: Core, provider: str) -> str:
    """The path under which a provider reports all its messages, where its vendor takes one address only."""
    return f"/v1/callbacks/{provider}/{_connection_token(core, provider)}/receipts"


def accept_receipt(core: Core, name: str, token: str, read: Callable[[], Callback]) -> int:
    """How many reports were news; Refusal unauthenticated for whatever the provider did not make.

    The request is read only once its token has opened: whoever has none must not hold a thread with a slow body.
    """
    provider = core.providers.get(name)
    if provider is None or not provider.sends_receipts:
        raise Refusal("not_found", "no provider of this name reports here")
    sent = None if _is_of_connection(core, provider, token) else _opened(core, name, token)
    callback = with_certificate(provider, read())
    if not provider.authentic(callback, time.time()):
        raise Refusal("unauthenticated", "the signature of this callback is not right")
    if confirm(provider, callback):
        return 0
    return sum(_taken(core, name, receipt, sent) for receipt in provider.receipts(callback))


def is_proven(core: Core, name: str) -> bool:
    """Whether this provider's reports prove that they are its own: whoever believes an empty one believes anybody's."""
    provider = core.providers.get(name)
    return provider is not None and not provider.authentic(NOBODYS, time.time())


def apply(core: Core, provider: str, receipt: Receipt, sent: Sent, at_ms: int | None = None) -> bool:
    """Whether this report of a known message was news; `at_ms` is when it came, if that isn't now."""
    news = apply_receipt(core.link, core.cells, sent, provider, receipt, at_ms)
    if news:
        core.observe.reported(provider, receipt.status)
    return news


def _taken(core: Core, provider: str, receipt: Receipt, sent: Sent | None) -> bool:
    found = sent or sent_as(core.link, provider, receipt.provider_message_id)
    if found:
        return apply(core, provider, receipt, found)
    if not unmatched.hold(core.link, provider, receipt):
        core.observe.unmatched(provider, "refused")
    return False


def _is_of_connection(core: Core, provider: Provider, token: str) -> bool:
    own = _connection_token(core, provider.name)
    return provider.fixed_receipts and hmac.compare_digest(token.encode(), own.encode())


def _connection_token(core: Core, provider: str) -> str:
    return b64(mac(core.index_key, "connection", provider)[:TOKEN_BYTES])


def _opened(core: Core, name: str, token: str) -> Sent:
    try:
        message, verification = json.loads(core.ring.open(token, f"receipts:{name}"))
    except (UnknownKid, ValueError):
        raise Refusal("unauthenticated", "the token of this callback is not one of ours") from None
    return Sent(message, verification)
