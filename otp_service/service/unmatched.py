"""Unmatched receipts are tried again for ten minutes, then dropped: the answer that names their message may be late."""

import structlog

from otp_service.service.core import Core
from otp_service.service.receipts import apply
from otp_service.store import unmatched
from otp_service.store.receipts import sent_as
from otp_service.store.unmatched import Unmatched

PATIENCE_MS = 600_000
BATCH = 200

log = structlog.get_logger()


def retry_unmatched(core: Core) -> int:
    """Tries every report whose turn it is once; how many found their message."""
    matched = 0
    while batch := unmatched.take(core.link, BATCH):
        matched += sum(_tried(core, one) for one in batch)
        if len(batch) < BATCH:
            break
    return matched


def _tried(core: Core, one: Unmatched) -> bool:
    sent = sent_as(core.link, one.provider, one.receipt.provider_message_id)
    if sent:
        apply(core, one.provider, one.receipt, sent, one.since_ms)
        unmatched.forget(core.link, one)
        core.observe.unmatched(one.provider, "matched")
        return True
    if one.waited_ms >= PATIENCE_MS and unmatched.forget(core.link, one):
        log.warning("receipt_dropped", provider=one.provider, status=one.receipt.status, waited_ms=one.waited_ms)
        core.observe.unmatched(one.provider, "dropped")
    return False
