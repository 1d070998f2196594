"""Unmatched receipts: reports whose message isn't known yet wait here, since a report can beat the answer."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from otp_service.domain.messages import Receipt
from otp_service.store.link import Link
from otp_service.store.receipts import digest
from otp_service.store.scripts import SCRIPTS

KEYS = ("{unmatched}:due", "{unmatched}:kept")
MOST = 20_000
FIRST_TRY_MS = 500
LONGEST_WAIT_MS = 60_000

_HOLD, _TAKE = SCRIPTS["unmatched_hold"], SCRIPTS["unmatched_take"]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A report that waits for its message."""

    digest: str
    provider: str
    receipt: Receipt
    since_ms: int
    waited_ms: int


def hold(link: Link, provider: str, receipt: Receipt) -> bool:
    """Keeps a report to be tried again; False if too many wait already."""
    said = json.dumps(asdict(receipt))
    return bool(link.call(_HOLD, KEYS, (digest(provider, receipt), provider, said, MOST, FIRST_TRY_MS)))


def take(link: Link, count: int) -> list[Unmatched]:
    """The reports that are to be tried now; each comes again, later and later, until it is forgotten."""
    now, *found = link.call(_TAKE, KEYS, (count, FIRST_TRY_MS, LONGEST_WAIT_MS))
    pairs = zip(found[::2], found[1::2], strict=True)
    return [_unmatched(digest, json.loads(kept), int(now)) for digest, kept in pairs]


def forget(link: Link, unmatched: Unmatched) -> bool:
    """Keeps this report no longer; False if somebody else has ended it meanwhile."""
    gone = bool(link.command("HDEL", KEYS[1], unmatched.digest))
    link.command("ZREM", KEYS[0], unmatched.digest)
    return gone


def _unmatched(digest: str, kept: list[Any], now_ms: int) -> Unmatched:
    since_ms, provider, receipt = kept
    return Unmatched(digest, provider, Receipt(**receipt), since_ms, now_ms - since_ms)
