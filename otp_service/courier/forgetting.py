"""Forgetting refusals: whoever was refused a day ago is nobody's business any more, busy as the log may be since."""

from otp_service.courier.clock import StoreClock
from otp_service.store.keys import cell_tag, refusals_key
from otp_service.store.outbox import AsyncRedis

KEPT_MS = 86_400_000
EVERY_S = 60.0


async def forget_refusals(redis: AsyncRedis, clock: StoreClock, cells: int, kept_ms: int = KEPT_MS) -> None:
    """Removes every cell's refusals that are older; a log in which nothing more is written ends by itself."""
    oldest = int(clock.now_ms()) - kept_ms
    for cell in range(cells):
        await redis.execute_command("XTRIM", refusals_key(cell_tag(cell)), "MINID", oldest)
