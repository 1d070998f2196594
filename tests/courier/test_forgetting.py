"""Refusals are forgotten after a day."""

import asyncio

from otp_service.courier.clock import StoreClock
from otp_service.courier.forgetting import KEPT_MS, forget_refusals
from otp_service.store.connect import connect_courier

NOW = 1_795_000_000_000


def test_refusals_of_yesterday_are_forgotten(url: str) -> None:
    """Of a log that is written to without a pause, a courier keeps the last day and removes the rest, in every cell."""

    async def story() -> list[list[bytes]]:
        client, clock = connect_courier(url), StoreClock()
        clock.set(NOW)
        for cell in (0, 1):
            for at in (NOW - KEPT_MS - 60_000, NOW - KEPT_MS + 60_000, NOW):
                await client.execute_command("XADD", f"{{c{cell}}}:refusals", f"{at}-0", "code", "rate_limited")
        await forget_refusals(client, clock, 2)
        left = [await client.execute_command("XRANGE", f"{{c{cell}}}:refusals", "-", "+") for cell in (0, 1)]
        await client.aclose()
        return [[entry[0] for entry in each] for each in left]

    kept = [f"{NOW - KEPT_MS + 60_000}-0".encode(), f"{NOW}-0".encode()]
    assert asyncio.run(story()) == [kept, kept]
