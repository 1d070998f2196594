"""The loops of a courier: each repeats its step until it is told to stop, and outlives whatever goes wrong."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0

log = structlog.get_logger()

Step = Callable[[], Awaitable[object]]


def pause_s(failures: int) -> float:
    """How long to wait after so many failures in a row; jittered, lest all couriers come back at once."""
    longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 10))
    return longest * random.uniform(0.5, 1)


async def rest(stop: asyncio.Event, seconds: float) -> None:
    """Sleeps, but not longer than until `stop`."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


def _is_canceled() -> bool:
    """True if this task was told to end, though what it awaited then came back as if nothing was.

    The Redis client sends by asyncio.wait_for, which in Python 3.11 loses a cancellation that comes just as it ends.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def repeat(
    name: str,
    step: Step,
    stop: asyncio.Event,
    *,
    prepare: Step | None = None,
    every_s: float = 0.0,
    stumbled: Callable[[str], None] = lambda name: None,
) -> None:
    """Runs `step` until `stop`, `every_s` apart or, after one that returns True for "more is there", at once.

    `prepare` goes first, and again after every failure: that brings back streams and groups that Redis lost.
    """
    failures, prepared = 0, prepare is None
    while not (stop.is_set() or _is_canceled()):
        try:
            if prepare and not prepared:
                await prepare()
                prepared = True
                continue  # it may have lost a cancellation, and the step may wait for ever
            more = await step()
        except Exception as error:
            # Mostly Redis or SQL is away; but clients fail in odd ways then too, and a loop must not end of it.
            failures, prepared = failures + 1, False
            log.warning("courier_stumbled", loop=name, error=type(error).__name__, failures=failures)
            stumbled(name)
            await rest(stop, pause_s(failures))
        else:
            failures = 0
            if every_s and more is not True:
                await rest(stop, every_s)
