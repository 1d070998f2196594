"""A message on its way to a person: what a provider is given, and what may come of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Encoding = Literal["gsm7", "ucs2"]
MessageClass = Literal["code", "transactional", "promotional", "alert"]


@dataclass(frozen=True, slots=True)
class Dlt:
    """What India's registry (TRAI's DLT) knows a text by; networks there drop a message without it."""

    entity_id: str
    template_id: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message as a provider gets it, ready to be sent."""

    id: str
    to: str  # E.164
    text: str
    country: str  # ISO 3166 alpha-2
    sender: str | None = None  # None: the provider's own
    channel: str = "sms"
    encoding: Encoding = "gsm7"
    segments: int = 1
    valid_for_s: int = 600  # what is left of the code's life: vendors must not deliver dead codes
    receipts_url: str | None = None  # where the provider shall report what became of it
    is_code: bool = True
    test: bool = False
    message_class: MessageClass = "code"
    application: str = ""  # id; what rules of routing may ask for, as the next one
    purpose: str = ""
    dlt: Dlt | None = None


class Verdict(StrEnum):
    """What one try with one provider came to; a closed set."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"  # nobody will deliver this: give up, with the reason
    TRY_ANOTHER = "try_another"  # this provider can't, another may
    TRY_LATER = "try_later"  # busy: the same provider again, or another
    AMBIGUOUS = "ambiguous"  # sent, but no answer came: it may have gone out
    MISCONFIGURED = "misconfigured"  # credentials or sender: an admin must act


@dataclass(frozen=True, slots=True)
class Outcome:
    """A provider's answer in our words; `raw` keeps its own word (an error code, never a text or number)."""

    verdict: Verdict
    reason: str | None = None  # from REASONS
    provider_message_id: str | None = None
    raw: str | None = None
    retry_after_s: int | None = None
    parts: tuple[str, ...] = ()  # the ids of the segments, where the vendor gives each its own


# Why a message ended as it did. Closed: what a vendor says and we don't know is "unknown".
REASONS = frozenset(
    {
        "invalid_number",
        "not_mobile",
        "opted_out",
        "blocked",
        "filtered",
        "unregistered_sender",
        "invalid_sender",
        "country_not_enabled",
        "unreachable",
        "rate_limited",
        "no_funds",
        "bad_credentials",
        "expired",
        "canceled",
        "timeout",
        "connection",
        "provider_error",
        "no_provider",
        "bad_response",
        "unknown",
    }
)

MessageStatus = Literal[
    "queued", "scheduled", "sending", "accepted", "sent", "delivered", "undelivered", "failed", "expired", "canceled"
]

# A message only moves up. `delivered` tops the failures: after a failover one provider's "failed" must not hide
# another's "delivered".
RANKS: dict[str, int] = {
    "queued": 1,
    "scheduled": 1,
    "sending": 2,
    "accepted": 3,
    "sent": 4,
    "undelivered": 5,
    "failed": 5,
    "expired": 5,
    "canceled": 5,
    "delivered": 6,
}
FAILED_STATUSES = frozenset(status for status, rank in RANKS.items() if rank == RANKS["failed"])


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider reports of a message after it accepted it."""

    provider_message_id: str
    status: MessageStatus
    reason: str | None = None
    raw: str | None = None
    part: str = ""  # which segment, where the vendor reports each by itself: its id or number
    parts: int | None = None  # how many segments there are, if the vendor says so


@dataclass(frozen=True, slots=True)
class Callback:
    """One HTTP request from a provider, unparsed: signatures are checked over these very bytes."""

    method: str
    url: str  # the configured public URL with the raw query, never what Host or X-Forwarded-* say
    headers: Mapping[str, str]  # names in lower case
    body: bytes = field(repr=False)
    certificate: bytes | None = field(default=None, repr=False)  # what certificate_url() named, in PEM
