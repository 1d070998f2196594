"""Receipts: what a provider reports of a message after it accepted it, and whose message a vendor's id names."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from otp_service.domain.ids import address_of, message_place
from otp_service.domain.keys import b64, canonical
from otp_service.domain.messages import RANKS, Receipt
from otp_service.domain.vendor_ids import names
from otp_service.store.keys import message_keys, parts_key, subject_keys
from otp_service.store.link import Link
from otp_service.store.outbox import AsyncRedis
from otp_service.store.scripts import SCRIPTS

KEPT_MS = 72 * 3_600_000  # vendors report for three days at most
DIGEST_BYTES = 12


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was handed to a provider; `verification` is empty for a message of its own."""

    message: str
    verification: str


def apply_receipt(
    link: Link, cells: int, sent: Sent, provider: str, receipt: Receipt, at_ms: int | None = None
) -> bool:
    """Tells the report as a fact and moves its message up, at the store's time or `at_ms`; False if it is no news."""
    keys = _keys(sent, cells)
    if keys is None:
        return False
    data = {
        "message": sent.message,
        "verification": sent.verification or None,
        "provider": provider,
        "provider_message_id": receipt.provider_message_id or None,
        "part": receipt.part or None,
        "status": receipt.status,
        "reason": receipt.reason,
        "raw": receipt.raw,
    }
    count = receipt.parts if receipt.part and receipt.parts else ""
    said = (receipt.part, count, RANKS[receipt.status], receipt.status, receipt.reason or "")
    at = "" if at_ms is None else at_ms
    args = (sent.message, sent.verification, provider, *said, digest(provider, receipt), json.dumps(data), at)
    return bool(link.call(SCRIPTS["receipt"], keys, args))


def digest(provider: str, receipt: Receipt) -> str:
    """What a report is known again by: the same words of the same provider about the same segment."""
    said = [receipt.provider_message_id, receipt.part, receipt.status, receipt.reason, receipt.raw]
    return b64(sha256(canonical([provider, *said]).encode()).digest()[:DIGEST_BYTES])


def _keys(sent: Sent, cells: int) -> tuple[str, ...] | None:
    """Record, facts, parts, due set and held entries: all in one cell."""
    if sent.verification:
        at = subject_keys(address_of(sent.verification), cells)
        record, cell = at.record, at.cell
    else:
        place = message_place(sent.message)
        if place is None:
            return None
        own = message_keys(place, sent.message, cells)
        record, cell = own.record, own.cell
    return record, f"{cell}:facts", parts_key(cell, sent.message), f"{cell}:due", f"{cell}:held"


async def remember_ids(redis: AsyncRedis, provider: str, ids: Sequence[str], sent: Sent) -> None:
    """Keeps whose message a vendor's ids name, for vendors that report to one address for all messages."""
    value = f"{sent.message}|{sent.verification}"
    for id in dict.fromkeys(ids):
        exact, *guesses = names(id)
        await redis.execute_command("SET", id_key(provider, exact), value, "PX", KEPT_MS)
        for guess in guesses:
            # The first that could be meant stays: a guess must not take another's place.
            await redis.execute_command("SET", id_key(provider, guess), value, "PX", KEPT_MS, "NX")


def sent_as(link: Link, provider: str, id: str) -> Sent | None:
    """The message that a provider's report names by the vendor's own id; None if none is known, or not yet."""
    for name in names(id):
        value = link.command("GET", id_key(provider, name))
        if value:
            message, _, verification = value.partition("|")
            return Sent(message, verification)
    return None


def id_key(provider: str, name: str) -> str:
    """Where a vendor's id leads to its message; each has a slot of its own."""
    return f"{{pm:{provider}:{name}}}"


def state(link: Link, cells: int, sent: Sent) -> tuple[int, dict[str, str]]:
    """The store's time in milliseconds, and the record that holds the message's state (empty where there is none)."""
    keys = _keys(sent, cells)
    if keys is None:
        return 0, {}
    moment, pairs = link.call(SCRIPTS["read"], [keys[0]], [""])
    return int(moment), dict(zip(pairs[::2], pairs[1::2], strict=True))
