"""How entries end: facts, the record's message field and the entry itself, in batches of one script call per cell."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from otp_service.courier.entries import Entry
from otp_service.domain.messages import RANKS, MessageStatus, Outcome
from otp_service.store.outbox import Claimed, Outbox

BATCH = 100
BATCH_WAIT_S = 0.005

End = Literal["done", "later", "dead"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try with one provider; numbered from 1 over the whole life of the message."""

    n: int
    provider: str
    outcome: Outcome
    took_ms: int


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
    delay_ms: int = 0  # later
    extra: str = ""  # later: the due set's member; dead: why


def settled(entry: Entry, end: End, status: MessageStatus, reason: str | None = None, **more: Any) -> Settlement:
    """The settlement of an entry that could be read."""
    return Settlement(entry.claimed, end, entry.message, entry.verification, entry.record, status, reason, **more)


def arguments(batch: Sequence[Settlement]) -> tuple[list[str], list[str | int | bytes]]:
    """Record keys and arguments of settle.lua for a batch."""
    records = list(dict.fromkeys(one.record for one in batch if one.record))
    number = {record: at for at, record in enumerate(records, 7)}
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
        args.append(len(one.attempts))
        for attempt in one.attempts:
            args += (attempt.n, _attempt_data(one.message, attempt))
    return records, args


def _message_part(one: Settlement) -> tuple[int, str, str]:
    if one.status is None:
        return 0, "", ""
    last = one.attempts[-1] if one.attempts else None
    rank = RANKS[one.status]
    provider = last.provider if last else None
    data = {
        "id": one.message,
        "n": rank,
        "verification": one.verification or None,
        "status": one.status,
        "reason": one.reason,
        "provider": provider,
        "provider_message_id": last.outcome.provider_message_id if last else None,
    }
    return rank, f"{one.status}|{provider or ''}|{one.reason or ''}", json.dumps(data)


def _attempt_data(message: str, attempt: Attempt) -> str:
    outcome = attempt.outcome
    return json.dumps(
        {
            "message": message,
            "n": attempt.n,
            "provider": attempt.provider,
            "verdict": outcome.verdict,
            "reason": outcome.reason,
            "provider_message_id": outcome.provider_message_id,
            "raw": outcome.raw,
            "took_ms": attempt.took_ms,
        }
    )


@dataclass(slots=True)
class Settling:
    """The settlements of one cell on their way to Redis."""

    outbox: Outbox
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
        for settlement in batch:
            self._waiting.popleft()
            self.on_settled(settlement)
        if not self._waiting:
            self._some.clear()

    @property
    def empty(self) -> bool:
        """True when nothing waits to be written."""
        return not self._waiting
