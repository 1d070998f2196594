"""What a courier holds at the moment, and how much more it may take.

A quarter of its places is for codes alone: a vendor that takes long over a thousand messages keeps no code waiting.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from otp_service.store.outbox import Claimed


class Places(NamedTuple):
    """Places that were taken ahead of a read, and how many of them anything else than a code may have."""

    all: int
    others: int


class Held:
    """The entries in flight or on their way to be settled; `most` at a time, and a few that idle cells wake up with."""

    def __init__(self, most: int) -> None:
        self._most = self._free = most
        self._free_for_others = most - most // 4
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

    @property
    def is_full_of_others(self) -> bool:
        """True when only codes find a place."""
        return self._free_for_others <= 0

    def reserve(self, wish: int) -> Places:
        """Takes up to so many places ahead of a read."""
        places = max(0, min(wish, self._free))
        others = max(0, min(places, self._free_for_others))
        self.take(places)
        self._free_for_others -= others
        return Places(places, others)

    def fill(self, places: Places, batch: Sequence[Claimed]) -> None:
        """Gives back what of these places a read did not need, or takes more for what came anyhow."""
        self.take(len(batch) - places.all)
        self._free_for_others += places.others - sum(not claimed.is_urgent for claimed in batch)

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
        self._free_for_others += not claimed.is_urgent
        if not any(self._entries.values()):
            self._none.set()

    def names(self, cell: int) -> set[tuple[int, bytes]]:
        """The entries of a cell that are being worked on here, each by stream number and id."""
        return {(stream, id) for stream, ids in self.of(cell) for id in ids}

    def of(self, cell: int) -> list[tuple[int, list[bytes]]]:
        """The entries of a cell by stream number."""
        return [(stream, list(ids)) for (owner, stream), ids in self._entries.items() if owner == cell and ids]


async def _within(wait_s: float, event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(wait_s):
            return await event.wait()
    except TimeoutError:
        return False
