"""Events: what callers are told as it happens, by webhook and as a stream; never a code, a text or a number."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from otp_service.domain.keys import b64
from otp_service.domain.times import rfc3339

TYPES = (
    "verification.started",
    "verification.approved",
    "verification.failed",
    "verification.expired",
    "verification.canceled",
    "message.accepted",
    "message.delivered",
    "message.undelivered",
    "message.failed",
    "inbound.received",
    "destination.locked",
    "factor.enrolled",
    "factor.removed",
    "device.trusted",
    "user.locked",
    "user.disabled",
    "fraud.alarm",
    "spend.alarm",
    "sender.suspended",
    "audit.head",
    "webhook.disabled",
    "webhook.test",
)
# What an endpoint may ask for: types, and whole families of them.
FILTERS = (*TYPES, *dict.fromkeys(f"{type.partition('.')[0]}.*" for type in TYPES))
OPERATOR = ""  # the application of what belongs to none
MOST_BYTES = 20_000  # of a payload: Standard Webhooks, "Payload size"
ID_BYTES = 16

# What becomes of a verification or a message -> the event that tells it; what isn't here isn't told.
OF_VERIFICATIONS = {
    "started": "verification.started",
    "approved": "verification.approved",
    "failed": "verification.failed",
    "expired": "verification.expired",
    "canceled": "verification.canceled",
}
OF_MESSAGES = {
    "accepted": "message.accepted",
    "delivered": "message.delivered",
    "undelivered": "message.undelivered",
    "failed": "message.failed",
    "expired": "message.failed",  # nobody sent it in time
}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that callers are told; `id` and `about` say what happened to what, so that it is told once."""

    type: str
    about: str  # the id of what it happened to; events about one thing are told in order
    application_id: str
    at_ms: int
    data: Mapping[str, Any]
    occasion: str = ""  # of what may happen to one thing more than once

    @property
    def id(self) -> str:
        """The same for the same news, however often it is heard."""
        return event_id(self.type, self.about, self.occasion)


def event_id(type: str, about: str, occasion: str = "") -> str:
    """The id of the one event of this type about this."""
    news = "|".join((type, occasion, about)).encode()
    return f"evt_{b64(hashlib.sha256(news).digest()[:ID_BYTES])}"


def matches(wanted: Collection[str], type: str) -> bool:
    """Whether who wants these types wants this one; who names none wants all."""
    return not wanted or type in wanted or f"{type.partition('.')[0]}.*" in wanted


def payload(type: str, at_ms: int, data: Mapping[str, Any]) -> bytes:
    """What is sent: the same bytes at every try. Metadata is left out where it would be more than fits."""
    body = _json({"type": type, "timestamp": rfc3339(at_ms), "data": dict(data)})
    if len(body) <= MOST_BYTES:
        return body
    return _json({"type": type, "timestamp": rfc3339(at_ms), "data": {**data, "metadata": None}})


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
