"""The simulated phone: every number has one, messages live in memory only and are few."""

import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Condition
from typing import TypeVar

from otp_service.web.dev.bubbles import Bubble, Incoming, Next, Screen, Status, Table

T = TypeVar("T")

ON_THE_TABLE = 12  # phones drawn side by side; the others are a search away
DRAWN = 60  # bubbles drawn per phone


@dataclass(slots=True)
class _Conversation:
    opened: int
    bubbles: deque[Bubble]
    next: Next = Next.DELIVER


@dataclass(frozen=True, slots=True)
class _Coming:
    due: float
    message: Incoming


class Phone:
    """All simulated phones. The courier's loop puts messages in, the web's threads wait for them."""

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        delay_s: float = 5.0,
        per_number: int = 200,
        numbers: int = 500,
    ) -> None:
        self._now, self._ticks = now, ticks
        self._delay_s, self._per_number, self._numbers = delay_s, per_number, numbers
        self._changed = Condition()
        self._conversations: OrderedDict[str, _Conversation] = OrderedDict()  # the latest used one last
        self._coming: list[_Coming] = []  # in order of their due time: the delay is the same for all
        self._boot = secrets.token_hex(4)  # a page that outlived a restart must not take an old version for the new one
        self._changes = 0
        self._seq = 0
        self._closed = False

    def receive(self, message: Incoming) -> Next:
        """Does with the message what the switch of its number says, and tells what that was."""
        with self._changed:
            conversation = self._conversation(message.to)
            fate, conversation.next = conversation.next, Next.DELIVER
            match fate:
                case Next.DELIVER:
                    self._show(message)
                case Next.DELAY:
                    self._coming.append(_Coming(self._ticks() + self._delay_s, message))
                case Next.FAIL:
                    self._note(message, "unreachable")
                case Next.THROTTLE:
                    self._note(message, "throttled")
            self._tell()
            return fate

    def switch(self, number: str, next_: Next) -> None:
        """Sets what happens to the next message to this number; a new number gets its phone."""
        with self._changed:
            self._conversation(number).next = next_
            self._tell()

    def reply(self, number: str, text: str) -> Bubble:
        """Keeps what the person answers in the conversation; nobody is told of it yet."""
        with self._changed:
            reply = Bubble(self._next_seq(), f"rep_{secrets.token_hex(8)}", number, text, self._now(), "reply")
            self._conversation(number).bubbles.append(reply)
            self._tell()
            return reply

    def messages(self, number: str | None = None, after: str = "", wait_s: float = 0.0) -> list[Bubble]:
        """The messages shown, oldest first, once there is one; those after the id `after`, if it is still known."""
        with self._changed:
            return self._until(lambda: self._shown(number, after), wait_s)

    def table(self, seen: str = "", wait_s: float = 0.0, number: str | None = None) -> Table:
        """What the page draws, once it is another version than the one seen; of one number only, if given."""
        with self._changed:
            self._until(lambda: self._version() != seen, wait_s)
            return self._table(number)

    def close(self) -> None:
        """Lets everybody who waits go, so that a stop is quick."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    # Below, the lock is held.

    def _until(self, look: Callable[[], T], wait_s: float) -> T:
        deadline = self._ticks() + wait_s
        while True:
            self._show_what_is_due()
            found, left = look(), deadline - self._ticks()
            if found or left <= 0 or self._closed:
                return found
            # Nobody else wakes us for a delayed message: no thread runs for it.
            next_due = self._coming[0].due - self._ticks() if self._coming else left
            self._changed.wait(max(0.0, min(left, next_due)))

    def _show_what_is_due(self) -> None:
        due = [coming for coming in self._coming if coming.due <= self._ticks()]
        if due:
            self._coming = self._coming[len(due) :]
            for coming in due:
                self._show(coming.message)
            self._tell()

    def _show(self, message: Incoming) -> None:
        self._append(message, message.text, "shown")

    def _note(self, message: Incoming, status: Status) -> None:
        self._append(message, "", status)  # a phone can't know the text that never reached it

    def _append(self, message: Incoming, text: str, status: Status) -> None:
        bubble = Bubble(
            self._next_seq(),
            message.id,
            message.to,
            text,
            self._now(),
            status,
            message.sender,
            message.segments,
            message.encoding,
            message.channel,
        )
        self._conversation(message.to).bubbles.append(bubble)

    def _conversation(self, number: str) -> _Conversation:
        if number not in self._conversations:
            self._conversations[number] = _Conversation(self._next_seq(), deque(maxlen=self._per_number))
        self._conversations.move_to_end(number)
        if len(self._conversations) > self._numbers:
            self._conversations.popitem(last=False)
        return self._conversations[number]

    def _bubbles(self, number: str | None) -> Iterator[Bubble]:
        if number is None:
            for conversation in self._conversations.values():
                yield from conversation.bubbles
        elif number in self._conversations:
            yield from self._conversations[number].bubbles

    def _shown(self, number: str | None, after: str) -> list[Bubble]:
        bubbles = list(self._bubbles(number))
        # An id that is no longer (or never was) known leaves nothing out: twice is better than never.
        start = max((b.seq for b in bubbles if b.id == after), default=0)
        return sorted((b for b in bubbles if b.status == "shown" and b.seq > start), key=lambda b: b.seq)

    def _table(self, number: str | None) -> Table:
        wanted = [n for n in self._conversations if number in (None, n)][-ON_THE_TABLE:]
        wanted.sort(key=lambda n: -self._conversations[n].opened)
        return Table(self._version(), [self._screen(n) for n in wanted], len(self._conversations) - len(wanted))

    def _screen(self, number: str) -> Screen:
        conversation = self._conversations[number]
        coming = sum(c.message.to == number for c in self._coming)
        return Screen(number, conversation.next, coming, list(conversation.bubbles)[-DRAWN:])

    def _version(self) -> str:
        return f"{self._boot}.{self._changes}"

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def _tell(self) -> None:
        self._changes += 1
        self._changed.notify_all()
