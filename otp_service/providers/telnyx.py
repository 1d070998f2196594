"""Telnyx Messaging: `POST /v2/messages` in JSON, answered 200 with `data.id`, reported by signed JSON events.

Sources: fields, statuses and events from the SDK's types (telnyx 4.189: `message_send_params.py`,
`outbound_message_payload.py`); errors in `telnyx_words.py`. What is marked (*) is from memory. None was tried on a
live account.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

import httpx
from pydantic import AfterValidator, Field, model_validator

from otp_service.domain.messages import FAILED_STATUSES, Callback, Message, MessageStatus, Outcome, Receipt, Verdict
from otp_service.providers import sender_forms
from otp_service.providers.answers import at, json_of, unreadable, vendor_id, vendor_word
from otp_service.providers.base import Options, Vendor
from otp_service.providers.option_types import BaseUrl, HeaderSecret, Uuid
from otp_service.providers.telnyx_signature import is_signed, public_key
from otp_service.providers.telnyx_words import ERRORS

MAX_SEGMENTS = 10  # (*) what 40302 calls too large

# to[].status -> ours. Its queue is behind our hand-over, so queued and sending are `accepted` here; what the network
# never confirms stays with what is known: it was sent.
STATUSES: Mapping[str, MessageStatus] = {
    "queued": "accepted",
    "sending": "accepted",
    "sent": "sent",
    "delivery_unconfirmed": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "delivery_failed": "undelivered",
    "sending_failed": "failed",
    "expired": "expired",
}
REPORTS = frozenset({"message.sent", "message.finalized"})


def _key(text: str) -> str:
    try:
        public_key(text)
    except ValueError:
        raise ValueError("must be the public key of the portal: 32 bytes in base64") from None
    return text


class TelnyxOptions(Options):
    """A key to send with, a sender or a pool of them, and the key that proves the receipts."""

    api_key: HeaderSecret
    public_key: Annotated[str | None, AfterValidator(lambda text: text if text is None else _key(text))] = None
    sender: Annotated[str | None, Field(min_length=1, max_length=16)] = None
    messaging_profile_id: Uuid | None = None
    base_url: BaseUrl = "https://api.telnyx.com"

    @model_validator(mode="after")
    def _has_a_sender(self) -> Self:
        if self.sender is None and self.messaging_profile_id is None:
            raise ValueError("sender, messaging_profile_id: give at least one of the two")
        return self


class Telnyx(Vendor):
    """Sends by Telnyx, and reads and authenticates its events."""

    kind: ClassVar[str] = "telnyx"
    options_type: ClassVar[type[Options]] = TelnyxOptions
    errors = ERRORS
    statuses = STATUSES
    signed_by = "Ed25519"

    def __init__(self, name: str, options: TelnyxOptions) -> None:
        self.name = name
        self.sender = options.sender
        self.sends_receipts = options.public_key is not None
        self._profile = options.messaging_profile_id
        self._key = public_key(options.public_key) if options.public_key else None
        self._url = httpx.URL(f"{options.base_url}/v2/messages")
        self._headers = {"Authorization": f"Bearer {options.api_key.get_secret_value()}", "Accept": "application/json"}

    def unfit(self, message: Message) -> str | None:
        """More segments than it takes, or a sender that it would not use."""
        if message.segments > MAX_SEGMENTS:
            return f"takes at most {MAX_SEGMENTS} segments"
        sender = message.sender or self.sender
        if sender and sender_forms.is_name(sender) and self._profile is None:
            return "sends under a name only with messaging_profile_id"
        return (sender_forms.complaint(sender) if sender else None) or super().unfit(message)

    def request(self, message: Message, now: float) -> httpx.Request:
        """A JSON post; the encoding is ours, since Telnyx's own choice may exchange characters.

        Telnyx takes no validity. It takes each Idempotency-Key once, so that a repeat sends nothing twice.
        """
        wanted: dict[str, Any] = {
            "from": message.sender or self.sender,
            "messaging_profile_id": self._profile,
            "webhook_url": message.receipts_url if self.sends_receipts else None,
        }
        body = {
            "to": message.to,
            "text": message.text,
            "type": "SMS",
            "encoding": message.encoding,
            **{name: value for name, value in wanted.items() if value},
        }
        if "webhook_url" in body:
            body["use_profile_webhooks"] = False  # else it reports there as well
        return httpx.Request("POST", self._url, json=body, headers={**self._headers, "Idempotency-Key": message.id})

    def outcome(self, response: httpx.Response) -> Outcome:
        """A 2xx with an id is accepted; else the error's code decides, and failing that the HTTP status."""
        body = json_of(response.content)
        if not response.is_success:
            return self.refusal(response, vendor_word(at(body, "errors.0.code")))
        status = vendor_word(at(body, "data.to.0.status"))
        if STATUSES.get(status or "") in FAILED_STATUSES:
            code = vendor_word(at(body, "data.errors.0.code"))
            return self.refusal(response, code if code in ERRORS else status)
        found = vendor_id(at(body, "data.id"))
        return Outcome(Verdict.ACCEPTED, provider_message_id=found) if found else unreadable(response)

    def receipts(self, callback: Callback) -> list[Receipt]:
        """The one receipt of an event about a message of ours; a status we don't know moves nothing."""
        body = json_of(callback.body)
        found = vendor_id(at(body, "data.payload.id"))
        said = at(body, "data.payload.to.0.status")
        if at(body, "data.event_type") not in REPORTS or not found or not isinstance(said, str):
            return []
        return [self.receipt(found, said, vendor_word(at(body, "data.payload.errors.0.code")))]

    def authentic(self, callback: Callback, now: float) -> bool:
        """True if body and time are signed with Telnyx's key, and the time is at most five minutes away."""
        return self._key is not None and is_signed(callback, self._key, now)
