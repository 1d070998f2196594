"""The courier looks at how things stand and tells whoever measures; all couriers see the same."""

import asyncio

from otp_service.courier.loops import repeat
from otp_service.courier.observe import Observe
from otp_service.service.core import Core
from otp_service.service.gauges import look, missing_keys
from otp_service.service.spent import Spent

LOOK_S = 10.0
COUNTRIES_S = 30.0  # one question for each country
KEYS_S = 600.0  # it goes through every sealed value


async def watch(core: Core, observe: Observe, stop: asyncio.Event) -> None:
    """Looks until `stop`."""
    spent = Spent()

    async def looked() -> None:
        observe.looked(await asyncio.to_thread(look, core))

    async def summed() -> None:
        observe.spent(await asyncio.to_thread(spent.look, core))

    async def counted() -> None:
        observe.keys_missing(await asyncio.to_thread(missing_keys, core))

    async with asyncio.TaskGroup() as all_:
        all_.create_task(repeat("gauges", looked, stop, every_s=LOOK_S, stumbled=observe.stumbled))
        all_.create_task(repeat("countries", summed, stop, every_s=COUNTRIES_S, stumbled=observe.stumbled))
        all_.create_task(repeat("keys", counted, stop, every_s=KEYS_S, stumbled=observe.stumbled))
