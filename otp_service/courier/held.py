"""What a courier holds at the moment, and how much more it may take."""

import asyncio
from collections import defaultdict

from otp_service.store.outbox import Claimed


class Held:
    """The entries in flight or on their way to be settled; `most` at a time, and a few that idle cells wake up with."""

    def __init__(self, most: int) -> None:
        self._most = self._free = most
        self._entries: defaultdict[tuple[int, int], set[bytes]] = defaultdict(set)
        self._room, self._none = asyncio.Event(), asyncio.Event()
        self._none.set()
        self.take(0)

    async def has_room(self, wait_s: float) -> bool:
        """True as soon as there is room for one more, False if there is none within `wait_s`."""
        return self._room.is_set() or await _within(wait_s, self._room)

    async def is_empty(self, wait_s: float) -> bool:
        """True as soon as nothing is held any more, False if that takes longer than `wait_s`."""
        return self._none.is_set() or await _within(wait_s, self._none)

    @property
    def is_nearly_full(self) -> bool:
        """True when less than a quarter of the places is free."""
        return self._free < self._most // 4

    def reserve(self, wish: int) -> int:
        """Takes up to so many places ahead of a read."""
        places = max(0, min(wish, self._free))
        self.take(places)
        return places

    def take(self, places: int) -> None:
        """Takes places, free or not; a negative number gives them back."""
        self._free -= places
        if self._free > 0:
            self._room.set()
        else:
            self._room.clear()

    def add(self, cell: int, claimed: Claimed) -> None:
        """Holds an entry whose place is taken."""
        self._entries[cell, claimed.stream].add(claimed.id)
        self._none.clear()

    def drop(self, cell: int, claimed: Claimed) -> None:
        """Lets go of an entry and gives its place back."""
        self._entries[cell, claimed.stream].remove(claimed.id)
        self.take(-1)
        if not any(self._entries.values()):
            self._none.set()

    def holds(self, cell: int, claimed: Claimed) -> bool:
        """True if the entry is already being worked on here."""
        return claimed.id in self._entries[cell, claimed.stream]

    def of(self, cell: int) -> list[tuple[int, list[bytes]]]:
        """The entries of a cell by stream number."""
        return [(stream, list(ids)) for (owner, stream), ids in self._entries.items() if owner == cell and ids]


async def _within(wait_s: float, event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(wait_s):
            return await event.wait()
    except TimeoutError:
        return False
