"""A service whose store is told the time, so that minutes and months pass in no time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from otp_service.service.core import now_ms
from otp_service.store.link import Arg, Link
from otp_service.store.scripts import Script
from otp_service.wiring import Parts
from tests.world import World

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
# Scripts whose first argument is the time; the others ask nobody.
_MESSAGES = {"message_send", "message_move", "message_cancel", "message_outcome"}
TOLD = frozenset({"start", "check", "cancel", "read", "peek", "lock", "reserve", "decide", "repay", "lift", *_MESSAGES})


@dataclass
class Clock:
    """The time of the store, in milliseconds."""

    now: int

    def pass_(self, milliseconds: int) -> None:
        self.now += milliseconds


class Clocked:
    """A link on which every script is told the time."""

    def __init__(self, link: Link, clock: Clock) -> None:
        self._link, self._clock = link, clock

    def call(self, script: Script, keys: Sequence[str], args: Sequence[Arg], *, durable: bool = False) -> Any:
        return self._link.call(script, keys, self._told(script, args), durable=durable)

    def once(self, script: Script, keys: Sequence[str], args: Sequence[Arg]) -> Any:
        return self._link.once(script, keys, self._told(script, args))

    def command(self, *args: Arg) -> Any:
        return self._link.command(*args)

    def _told(self, script: Script, args: Sequence[Arg]) -> Sequence[Arg]:
        if script.name not in TOLD:
            return args
        return [self._clock.now, *args[1:]]


class TimedWorld(World):
    """A world with a clock of its own."""

    def __init__(self, parts: Parts) -> None:
        self.clock = Clock(now_ms())
        super().__init__(replace(parts, core=replace(parts.core, link=Clocked(parts.core.link, self.clock))))
