"""What the service answers, as values; fields that this client doesn't know are left out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, TypeVar

T = TypeVar("T")

# Fields that hold times, in any of the answers.
TIMES = frozenset(
    {"at", "created_at", "updated_at", "expires_at", "approved_at", "resend_after"}
    | {"send_at", "accepted_at", "sent_at", "ended_at", "confirmed_at", "used_at"}
)
# Names that the API has and a field can't have, or that it gives the same thing elsewhere.
NAMES = {"class": "message_class", "queued_at": "created_at"}

# ASCII: Japanese puts no space between the words and the code.
_CODES = (
    re.compile(r"^@\S+ #(\S+)$", re.ASCII | re.MULTILINE),  # the origin-bound last line names it
    re.compile(r"(?<![\w.,+])([0-9]{6,10})(?!\w|[.,][0-9])", re.ASCII),
    re.compile(r"(?<!\w)((?=[A-HJ-NP-Z]*[2-9])[A-HJ-NP-Z2-9]{5,10})(?!\w)", re.ASCII),
    re.compile(r"(?<!\w)([A-HJ-NP-Z]{5,10})(?!\w)", re.ASCII),
)


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One message of a verification and what became of it."""

    id: str
    status: str
    provider: str | None = None
    reason: str | None = None
    channel: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """A verification: somebody was sent a code and may still type it."""

    id: str
    status: str  # pending | approved | failed | canceled | expired
    to: str | None  # E.164; None once the number is no longer kept
    channel: str
    purpose: str
    created_at: datetime
    expires_at: datetime
    sends: int
    attempts_left: int
    reason: str | None = None
    resend_after: datetime | None = None
    approved_at: datetime | None = None
    message_id: str | None = None
    messages: tuple[SentMessage, ...] = ()  # told by `get` only
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The answer to a guess; true only if the code was right, so that `if client.check(...)` is safe."""

    id: str
    status: str
    valid: bool
    reason: str | None  # wrong_code | expired | already_used | max_attempts | canceled
    attempts_left: int
    to: str | None = None
    purpose: str | None = None
    channel: str | None = None
    approved_at: datetime | None = None
    proof: str | None = field(default=None, repr=False)

    def __bool__(self) -> bool:
        return self.valid is True


@dataclass(frozen=True, slots=True)
class Message:
    """A message and what became of it; money in millionths of a US dollar."""

    id: str
    status: (
        str  # queued | scheduled | sending | accepted | sent | delivered | undelivered | failed | expired | canceled
    )
    message_class: str  # code | transactional | promotional | alert
    to: str | None  # E.164; None once the number is no longer kept
    created_at: datetime
    send_at: datetime | None = None
    expires_at: datetime | None = None
    reference: str | None = None
    encoding: str | None = None
    segments: int | None = None
    price_micros: int | None = None
    reason: str | None = None  # why it did not arrive
    provider: str | None = None
    verification_id: str | None = None
    outcome: str | None = None  # converted | not_converted, as was told
    accepted_at: datetime | None = None
    sent_at: datetime | None = None
    ended_at: datetime | None = None
    cost_micros: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PhoneMessage:
    """A message on the simulated phone, in development."""

    id: str
    to: str
    sender: str | None
    text: str
    segments: int
    encoding: str
    channel: str
    at: datetime

    @property
    def code(self) -> str | None:
        """The code in the text, found as a person would."""
        found = (shape.search(self.text) for shape in _CODES)
        return next((match.group(1) for match in found if match), None)


def read(kind: type[T], answer: Mapping[str, Any]) -> T:
    """Reads one of these values from JSON; raises TypeError or ValueError if it can't be one."""
    told = {NAMES.get(name, name): value for name, value in answer.items()}
    known = (f.name for f in fields(kind) if f.name in told)  # type: ignore[arg-type]
    return kind(**{name: _value(name, told[name]) for name in known})


def _value(name: str, value: Any) -> Any:
    if name in TIMES and value is not None:
        return datetime.fromisoformat(value)
    if name == "codes":
        return tuple(value)
    if name == "messages":
        return tuple(read(SentMessage, message) for message in value)
    return value
