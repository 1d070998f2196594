"""One cell's work: what is read is carried to a provider and settled; what was abandoned or delayed is read again."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from otp_service.courier.delivery import Delivery
from otp_service.courier.entries import Entry, Unreadable, message_of, read_entry
from otp_service.courier.held import Held, Places
from otp_service.courier.observe import Observe
from otp_service.courier.settling import Remember, Settlement, Settling, settled
from otp_service.domain.messages import MessageStatus
from otp_service.store.outbox import Claimed, Outbox

READ = 100  # entries a trip; more would only wait here instead of in Redis, where another courier could have them
FIRST_READ = 1  # of each priority, by the read that waits: an idle cell reserves no places
DUE = 100
MOST_DELIVERIES = 5
ROOM_WAIT_S = 0.25  # how soon a full courier hears that it shall stop
CODES_ONLY_PAUSE_S = 0.05  # while messages fill the places that they may have, codes are looked for this often
NO_PLACES = Places(0, 0)
BUSY_PAUSE_S = 0.01  # a full courier that read each entry as soon as it has a place would make a trip for each

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Shared:
    """What all lanes of a courier have in common."""

    cells: int
    delivery: Delivery
    held: Held
    remember: Remember
    carrying: set[asyncio.Task[None]]
    observe: Observe


class Lane:
    """One cell; each method is one step that a loop repeats."""

    def __init__(self, outbox: Outbox, shared: Shared) -> None:
        self.outbox = outbox
        self._cell = outbox.cell
        self._shared = shared
        self._held = shared.held
        self._settling = Settling(outbox, shared.remember, self._let_go)

    async def read(self) -> None:
        """Takes in what is new, the most urgent first."""
        batch: list[Claimed] = []
        if not (places := await self._places()).all:
            return
        try:
            batch = await self.outbox.next(*places)
        finally:
            self._held.fill(places, batch)
        if not batch and self._held.is_full_of_others:
            await asyncio.sleep(CODES_ONLY_PAUSE_S)
        elif not batch:
            batch = await self.outbox.wait(FIRST_READ)
            self._held.fill(NO_PLACES, batch)
        await self._take_in(batch)

    async def take_over(self, idle_ms: int) -> bool:
        """Takes in a batch of what another courier, or this one, left undone; True if there may be more."""
        found: list[Claimed] = []
        batch: list[Claimed] = []
        if not (places := await self._places()).all:
            return True
        own = self._held.names(self._cell)  # by the time of the answer some have ended, which must not begin again
        try:
            found = await self.outbox.abandoned(idle_ms, places.all)
            own |= self._held.names(self._cell)
            batch = [claimed for claimed in found if (claimed.stream, claimed.id) not in own]
        finally:
            self._held.fill(places, batch)
        if batch:
            log.warning("taken_over", cell=self._cell, entries=len(batch))
        await self._take_in(batch)
        return len(found) == places.all

    async def move_due(self) -> bool:
        """Puts a batch of delayed messages whose time has come back into the outbox; True if there may be more."""
        return await self.outbox.move_due(DUE) == DUE

    async def renew(self) -> None:
        """Says of everything held here that it is being worked on."""
        for stream, entries in self._held.of(self._cell):
            await self.outbox.renew(stream, entries)

    async def settle(self) -> None:
        """Writes one batch of what came of the messages."""
        await self._settling.wait()
        await self._settling.flush()

    async def count(self) -> None:
        """Tells how much waits."""
        self._shared.observe.backlog(self._cell, await self.outbox.backlog())

    async def _places(self) -> Places:
        """Places for a trip; none if there is no room for long, or if somebody else was quicker."""
        if not await self._held.has_room(ROOM_WAIT_S):
            return NO_PLACES
        if self._held.is_nearly_full:
            await asyncio.sleep(BUSY_PAUSE_S)
        return self._held.reserve(READ)

    async def _take_in(self, batch: Sequence[Claimed]) -> None:
        for claimed in batch:
            self._held.add(self._cell, claimed)
        entries = [entry for claimed in batch if (entry := self._readable(claimed))]
        try:
            states = await self._states(entries)
        except BaseException:
            # They stay pending, and are taken over like those of a dead courier.
            for entry in entries:
                self._held.drop(self._cell, entry.claimed)
            raise
        for entry, state in zip(entries, states, strict=True):
            if state == "pending":
                self._launch(entry)
            else:
                self._settling.add(
                    self._shared.delivery.unwanted(entry, "expired" if state == "expired" else "canceled")
                )

    def _readable(self, claimed: Claimed) -> Entry | None:
        try:
            entry = read_entry(claimed, self._cell, self._shared.cells)
        except Unreadable as unreadable:
            message = message_of(claimed.fields)
            status: MessageStatus | None = "failed" if message else None
            self._bury(Settlement(claimed, "dead", message, status=status, reason="unknown", extra=unreadable.reason))
            return None
        if claimed.deliveries > MOST_DELIVERIES:
            self._bury(settled(entry, "dead", "failed", "unknown", extra="too_many_deliveries"))
            return None
        return entry

    async def _states(self, entries: Sequence[Entry]) -> list[str]:
        if not entries:
            return []
        wanted = await self.outbox.wanted([entry.record for entry in entries], [entry.subject for entry in entries])
        self._shared.delivery.clock.set(wanted.now_ms)
        return wanted.states

    def _launch(self, entry: Entry) -> None:
        task = asyncio.create_task(self._carry(entry))
        self._shared.carrying.add(task)
        task.add_done_callback(self._shared.carrying.discard)

    async def _carry(self, entry: Entry) -> None:
        try:
            self._settling.add(await self._shared.delivery.carry(entry))
        except Unreadable as unreadable:
            self._bury(settled(entry, "dead", "failed", "unknown", extra=unreadable.reason))
        except Exception as error:
            # It stays pending and will be tried again; if it fails every time it ends as a dead letter.
            log.error("carry_failed", request_id=entry.request_id, message=entry.message, error=type(error).__name__)
            self._shared.observe.stumbled("carry")
            self._held.drop(self._cell, entry.claimed)

    def _bury(self, settlement: Settlement) -> None:
        entry = settlement.claimed.id.decode()
        log.error("dead_letter", message=settlement.message, entry=entry, cell=self._cell, reason=settlement.extra)
        self._shared.observe.dead(settlement.extra)
        self._settling.add(settlement)

    def _let_go(self, settlement: Settlement) -> None:
        self._held.drop(self._cell, settlement.claimed)
