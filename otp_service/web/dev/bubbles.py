"""What a simulated phone shows: bubbles, and the switch for what happens to the next message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Literal

import phonenumbers
from pydantic import BaseModel, ConfigDict

Status = Literal["shown", "unreachable", "throttled", "reply"]


class Next(StrEnum):
    """What happens to the next message to a number; after it the switch is back at `deliver`."""

    DELIVER = "deliver"
    DELAY = "delay"
    FAIL = "fail"
    THROTTLE = "throttle"


class Incoming(BaseModel):
    """A message as the simulator provider posts it."""

    model_config = ConfigDict(frozen=True)

    id: str
    to: str
    text: str
    sender: str | None = None
    segments: int = 1
    encoding: str = "gsm7"
    channel: str = "sms"


@dataclass(frozen=True, slots=True)
class Bubble:
    """One thing in a conversation; a message that never arrived is there without its text."""

    seq: int  # grows over all phones
    id: str
    to: str  # the number whose conversation this is
    text: str
    at: float  # Unix time at which it was shown
    status: Status = "shown"
    sender: str | None = None
    segments: int = 1
    encoding: str = "gsm7"
    channel: str = "sms"

    def as_message(self) -> dict[str, Any]:
        """The bubble as `/dev/messages` answers it."""
        return {
            "id": self.id,
            "to": self.to,
            "sender": self.sender,
            "text": self.text,
            "segments": self.segments,
            "encoding": self.encoding,
            "channel": self.channel,
            "at": datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }

    def as_bubble(self) -> dict[str, Any]:
        """The bubble as the page draws it."""
        return {**self.as_message(), "seq": self.seq, "status": self.status}


@dataclass(frozen=True, slots=True)
class Screen:
    """One phone as the page draws it."""

    number: str
    next: Next
    coming: int  # delayed messages that are still on their way
    bubbles: Sequence[Bubble]

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "label": label(self.number),
            "next": self.next,
            "coming": self.coming,
            "bubbles": [bubble.as_bubble() for bubble in self.bubbles],
        }


@dataclass(frozen=True, slots=True)
class Table:
    """The phones that lie on the table: the latest used ones, the one opened last first."""

    version: str
    screens: Sequence[Screen]
    hidden: int  # how many phones there are beside these

    def as_json(self) -> dict[str, Any]:
        return {"version": self.version, "phones": [s.as_json() for s in self.screens], "hidden": self.hidden}


@lru_cache(maxsize=1024)
def label(number: str) -> str:
    """A number as people write it: +41 79 123 45 67."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
