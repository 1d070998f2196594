"""Receipts: what a provider reports of a message after it accepted it."""

import json

from otp_service.domain.ids import address_of
from otp_service.store.keys import subject_keys
from otp_service.store.link import Link
from otp_service.store.scripts import load

_RECEIPT = load("receipt")


def apply_receipt(
    link: Link,
    cells: int,
    *,
    verification: str,
    message: str,
    rank: int,
    status: str,
    provider: str,
    reason: str | None = None,
    at_ms: int | None = None,
) -> bool:
    """Moves the message up and tells it as a fact, at the store's time unless `at_ms` is given; False if no news."""
    keys = subject_keys(address_of(verification), cells)
    data = {"id": message, "n": rank, "verification": verification, "status": status, "reason": reason}
    value = f"{status}|{provider}|{reason or ''}"
    args = (message, rank, value, json.dumps({**data, "provider": provider}), "" if at_ms is None else at_ms)
    return bool(link.call(_RECEIPT, (keys.record, keys.facts), args))
