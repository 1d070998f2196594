"""How entries end: facts, the record's message field and the entry itself, in batches of one script call per cell."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic_core import to_json

from otp_service.courier.entries import Entry
from otp_service.domain.messages import RANKS, MessageStatus, Outcome, Verdict
from otp_service.store.outbox import Claimed, Outbox
from otp_service.store.receipts import Sent

BATCH = 100
BATCH_WAIT_S = 0.005
FIRST_KEY = 9  # of those that settle.lua takes behind the cell's own
WENT_OUT = frozenset({Verdict.ACCEPTED, Verdict.AMBIGUOUS})

End = Literal["done", "later", "watch", "dead"]
Remember = Callable[
    [str, Sequence[str], Sent], Awaitable[None]
]  # provider, the vendor's ids, the message that they name


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try with one provider; numbered from 1 over the whole life of the message."""

    n: int
    provider: str
    outcome: Outcome
    took_ms: int
    sender: str | None = None
    country: str | None = None
    price_micros: int = 0
    will_report: bool = False

    @property
    def cost_micros(self) -> int | None:
        """What the provider takes for it; None where nothing is known to have gone out."""
        return self.price_micros if self.outcome.verdict in WENT_OUT else None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of an entry. `status` is None where the message's state does not change or its id can't be read."""

    claimed: Claimed
    end: End
    message: str = ""
    verification: str = ""
    record: str = ""
    status: MessageStatus | None = None
    reason: str | None = None
    attempts: Sequence[Attempt] = ()
    provider: str | None = None  # whose word the status is, if not the last one's that was asked
    delay_ms: int = 0  # later, watch
    extra: str = ""  # later: the due set's member; watch: the entry to hold; dead: why
    parts: str = ""  # the key of what its provider will report, if it does
    counted: str = ""  # the country in which the provider's accepting a code counts
    vendor_ids: Sequence[str] = ()  # by which a provider's reports name it, where nothing else in them does


def settled(entry: Entry, end: End, status: MessageStatus | None, reason: str | None = None, **more: Any) -> Settlement:
    """The settlement of an entry that could be read."""
    return Settlement(entry.claimed, end, entry.message, entry.verification, entry.record, status, reason, **more)


def arguments(batch: Sequence[Settlement]) -> tuple[list[str], list[str | int | bytes]]:
    """The keys behind the cell's own, and the arguments, of settle.lua for a batch."""
    keys = list(dict.fromkeys(key for one in batch for key in (one.record, one.parts) if key))
    number = {key: at for at, key in enumerate(keys, FIRST_KEY)}
    args: list[str | int | bytes] = []
    for one in batch:
        args += (
            one.claimed.stream,
            one.claimed.id,
            one.end,
            one.delay_ms,
            one.extra,
            number.get(one.record, 0),
            one.message,
        )
        args += _message_part(one)
        args += (one.counted, number.get(one.parts, 0), _parts_expected(one), len(one.attempts))
        for attempt in one.attempts:
            args += (attempt.n, _attempt_data(one.message, attempt))
    return keys, args


def _parts_expected(one: Settlement) -> int | str:
    parts = one.attempts[-1].outcome.parts if one.attempts else ()
    return len(parts) or ""  # one with an id of its own is reported as a segment, too


def _message_part(one: Settlement) -> tuple[int, str, bytes]:
    if one.status is None:
        return 0, "", b""
    last = one.attempts[-1] if one.attempts else None
    rank = RANKS[one.status]
    provider = one.provider or (last.provider if last else None)
    data = {
        "id": one.message,
        "n": rank,
        "verification": one.verification or None,
        "status": one.status,
        "reason": one.reason,
        "provider": provider,
        "provider_message_id": last.outcome.provider_message_id if last else None,
    }
    return rank, f"{one.status}|{provider or ''}|{one.reason or ''}", to_json(data)


def _attempt_data(message: str, attempt: Attempt) -> bytes:
    outcome = attempt.outcome
    return to_json(
        {
            "message": message,
            "n": attempt.n,
            "provider": attempt.provider,
            "verdict": outcome.verdict,
            "reason": outcome.reason,
            "provider_message_id": outcome.provider_message_id,
            "raw": outcome.raw,
            "took_ms": attempt.took_ms,
            "sender": attempt.sender,
            "country": attempt.country,
            "cost_micros": attempt.cost_micros,
        }
    )


@dataclass(slots=True)
class Settling:
    """The settlements of one cell on their way to Redis."""

    outbox: Outbox
    remember: Remember
    on_settled: Callable[[Settlement], None]
    _waiting: deque[Settlement] = field(default_factory=deque)
    _some: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, settlement: Settlement) -> None:
        """Queues one; it is written within BATCH_WAIT_S."""
        self._waiting.append(settlement)
        self._some.set()

    async def wait(self) -> None:
        """Returns when a batch is due: BATCH settlements, or fewer after BATCH_WAIT_S."""
        await self._some.wait()
        if len(self._waiting) < BATCH:
            await asyncio.sleep(BATCH_WAIT_S)

    async def flush(self) -> None:
        """Writes one batch; what fails stays queued, so that the same call can be repeated."""
        batch = [self._waiting[at] for at in range(min(BATCH, len(self._waiting)))]
        if batch:
            await self.outbox.settle(*arguments(batch))
            await self._remember(batch)
        for settlement in batch:
            self._waiting.popleft()
            self.on_settled(settlement)
        if not self._waiting:
            self._some.clear()

    async def _remember(self, batch: Sequence[Settlement]) -> None:
        named = (one for one in batch if one.vendor_ids)
        sent = (
            self.remember(one.attempts[-1].provider, one.vendor_ids, Sent(one.message, one.verification))
            for one in named
        )
        await asyncio.gather(*sent)

    @property
    def empty(self) -> bool:
        """True when nothing waits to be written."""
        return not self._waiting
