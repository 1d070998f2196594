"""The courier's turn at receipts whose message was not known when they came."""

import asyncio
from collections.abc import Callable

import structlog

EVERY_S = 1.0

log = structlog.get_logger()


class Retrying:
    """Tries unmatched receipts again, in a thread: the story is the web's own and waits for its store."""

    def __init__(self, retry: Callable[[], int]) -> None:
        self._retry = retry

    async def step(self) -> None:
        """One turn."""
        matched = await asyncio.to_thread(self._retry)
        if matched:
            log.info("receipts_matched", receipts=matched)
