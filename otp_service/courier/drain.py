"""Facts on their way from Redis to the ledger: in batches, each known to the ledger before it is removed here."""

import asyncio
import json
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import get_args

import structlog
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from otp_service.courier.observe import Observe
from otp_service.domain.facts import Fact, FactType
from otp_service.store.outbox import Flat, Outbox

BATCH = 500
TYPES = frozenset(get_args(FactType))
NEW, OWN = ">", "0"

log = structlog.get_logger()

Apply = Callable[[Sequence[Fact]], None]
Stored = tuple[bytes, Flat]


class LedgerDown(OSError):
    """The ledger took nothing; everything is still in the stream."""


def read_fact(fields: Flat) -> Fact:
    """The fact in a stream entry; ValueError or KeyError if it is none."""
    named = dict(zip(fields[::2], fields[1::2], strict=True))
    kind, data = named[b"t"].decode(), json.loads(named[b"d"])
    if kind not in TYPES or not isinstance(data, dict):
        raise ValueError("not a fact")
    return Fact(named[b"f"].decode(), kind, int(named[b"at"]), data)  # type: ignore[arg-type]


def is_malformed(error: Exception) -> bool:
    """True if the fact is to blame rather than the database: only then is it set aside instead of tried again."""
    if isinstance(error, StatementError):
        return isinstance(error, DataError | IntegrityError) or not isinstance(error, DBAPIError)
    return isinstance(error, LookupError | TypeError | ValueError | ArithmeticError | AttributeError)


@dataclass(slots=True)
class Drain:
    """The drain of one cell. `writer` lets one batch of this process at a time into the ledger."""

    outbox: Outbox
    apply: Apply
    writer: Executor
    observe: Observe
    _next: str = field(default=OWN)

    async def step(self) -> None:
        """Takes one batch to the ledger: first what this consumer had taken before, then what is new."""
        position, self._next = self._next, OWN
        batch = await self.outbox.facts(position, BATCH)
        await self._keep(batch)
        # Only a batch that went all the way moves on; after any error the unfinished ones are read again.
        self._next = OWN if batch and position == OWN else NEW

    async def take_over(self, idle_ms: int) -> bool:
        """Finishes a batch of what dead drains had taken; True if there may be more."""
        batch = await self.outbox.abandoned_facts(idle_ms, BATCH)
        await self._keep(batch)
        return bool(batch)

    async def _keep(self, batch: Sequence[Stored]) -> None:
        if not batch:
            return
        facts, malformed = _sorted_out(batch)
        malformed |= await self._applied(facts)
        for entry, reason in malformed.items():
            log.error("fact_set_aside", entry=entry.decode(), reason=reason, cell=self.outbox.cell)
            self.observe.dead(reason)
        await self.outbox.settle_facts([entry for entry, _ in batch], malformed)
        self.observe.drained(len(batch) - len(malformed))

    async def _applied(self, facts: Sequence[tuple[bytes, Fact]]) -> dict[bytes, str]:
        """The facts that the ledger can't take, found by halving; LedgerDown if it takes nothing now."""
        if not facts:
            return {}
        try:
            await asyncio.get_running_loop().run_in_executor(self.writer, self.apply, [fact for _, fact in facts])
        except Exception as error:
            if not is_malformed(error):
                raise LedgerDown(type(error).__name__) from error
        else:
            return {}
        if len(facts) == 1:
            return {facts[0][0]: "malformed_fact"}
        middle = len(facts) // 2
        return await self._applied(facts[:middle]) | await self._applied(facts[middle:])


def _sorted_out(batch: Sequence[Stored]) -> tuple[list[tuple[bytes, Fact]], dict[bytes, str]]:
    facts, malformed = [], {}
    for entry, fields in batch:
        if not fields:
            continue  # deleted by somebody since it was taken
        try:
            facts.append((entry, read_fact(fields)))
        except (ValueError, KeyError, TypeError, RecursionError):
            malformed[entry] = "malformed_fact"
    return facts, malformed
