"""How the courier's loops end."""

import asyncio
from contextlib import suppress

from otp_service.courier.loops import repeat


def test_a_loop_ends_though_its_step_loses_the_cancellation() -> None:
    """A courier's loop that is canceled ends after its step, even if that step came back as if nothing was."""

    lost: list[type[BaseException]] = [asyncio.CancelledError]  # once only, so that a loop that goes on can be ended

    async def step() -> None:
        with suppress(*lost):
            await asyncio.sleep(3600)
        lost.clear()

    async def story() -> None:
        loop = asyncio.create_task(repeat("odd", step, asyncio.Event()))
        await asyncio.sleep(0)
        loop.cancel()
        done, _ = await asyncio.wait({loop}, timeout=60)
        assert done == {loop}

    asyncio.run(story())
