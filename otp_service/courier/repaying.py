"""Repaying: what the brake charged for a code is paid back once the code was typed, in the order of each cell.

Nothing is claimed and nothing is acknowledged. Whoever reads takes the oldest entries; the script knows the newest
entry of this cell that an application was repaid for, so couriers may read the same entries, and one that dies in
between costs nothing.
"""

from dataclasses import dataclass

import structlog

from otp_service.store.fraud import repay_call
from otp_service.store.keys import cell_tag, repay_key
from otp_service.store.outbox import AsyncRedis, run_script

BATCH = 500

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Repaying:
    """The repayments of one cell."""

    redis: AsyncRedis
    cell: int

    async def step(self) -> None:
        """Repays batch after batch, until none is left."""
        while await self._batch() == BATCH:
            pass

    async def _batch(self) -> int:
        key = repay_key(cell_tag(self.cell))
        entries = await self.redis.execute_command("XRANGE", key, "-", "+", "COUNT", BATCH)
        for entry, fields in entries:
            await self._repay(entry.decode(), fields)
        if entries:
            await self.redis.execute_command("XTRIM", key, "MINID", _after(entries[-1][0].decode()))
        return len(entries)

    async def _repay(self, entry: str, fields: dict[bytes, bytes]) -> None:
        try:
            script, keys, args = repay_call(fields[b"b"].decode(), self.cell, entry)
        except (KeyError, ValueError):
            # Nobody can ever read it. What it would have repaid is forgiven as time passes.
            log.error("repayment_set_aside", entry=entry, cell=self.cell)
            return
        await run_script(self.redis, script, keys, args)


def _after(entry: str) -> str:
    ms, _, sequence = entry.partition("-")
    return f"{ms}-{int(sequence) + 1}"
