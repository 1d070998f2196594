"""Plivo Messages: `POST /v1/Account/{auth_id}/Message/` in JSON, answered 202, reported by signed form posts.

Sources: fields, limits and statuses from docs/messaging/api/messages on plivo.com and `resources/messages.py` of the
SDK (plivo 4.63); errors in `plivo_words.py`. What is marked (*) is from memory. None was tried on a live account.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import httpx
from pydantic import Field, model_validator

from otp_service.domain.messages import Callback, Message, MessageStatus, Outcome, Receipt, Verdict
from otp_service.domain.text.gsm7 import EXTENSION
from otp_service.providers import sender_forms
from otp_service.providers.answers import at, json_of, unreadable, vendor_id, vendor_word
from otp_service.providers.base import Options, Vendor, matching
from otp_service.providers.forms import form_of
from otp_service.providers.option_types import BaseUrl, Secret, Uuid
from otp_service.providers.plivo_signature import is_signed
from otp_service.providers.plivo_words import ERRORS
from otp_service.providers.proofs import basic

MIN_VALIDITY_S, MAX_VALIDITY_S = 5, 10_799  # `message_expiry`
LONGEST = {"gsm7": 1600, "ucs2": 737}
PART = re.compile(r"([0-9]{1,2}) of ([0-9]{1,2})")  # (*) PartInfo

# Status -> ours. Its queue is behind our hand-over, so queued is `accepted` here.
STATUSES: Mapping[str, MessageStatus] = {
    "queued": "accepted",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "failed": "failed",
    "rejected": "failed",
}

AuthId = Annotated[str, matching(r"[A-Z0-9]{20}", "20 capital letters and digits, as the console shows it")]
Category = Literal["transactional", "promotional", "service_implicit", "service_explicit"]


class PlivoOptions(Options):
    """An account, a sender or a pool of them, and what Plivo may keep."""

    auth_id: AuthId
    auth_token: Secret  # sends, and proves the receipts
    sender: Annotated[str | None, Field(min_length=1, max_length=16)] = None
    powerpack_uuid: Uuid | None = None
    dlt_template_category: Category = "service_implicit"
    discard_content: bool = False
    accept_v2: bool = False
    base_url: BaseUrl = "https://api.plivo.com"

    @model_validator(mode="after")
    def _has_a_sender(self) -> Self:
        if (self.sender is None) == (self.powerpack_uuid is None):
            raise ValueError("sender, powerpack_uuid: give exactly one of the two")
        return self


class Plivo(Vendor):
    """Sends by Plivo, and reads and authenticates its status callbacks."""

    kind: ClassVar[str] = "plivo"
    options_type: ClassVar[type[Options]] = PlivoOptions
    carries_dlt = True
    max_characters = LONGEST["gsm7"]
    errors = ERRORS
    statuses = STATUSES
    signed_by = "HMAC-SHA256"

    def __init__(self, name: str, options: PlivoOptions) -> None:
        self.name = name
        self.sender = options.sender
        self._options = options
        self._url = httpx.URL(f"{options.base_url}/v1/Account/{options.auth_id}/Message/")
        self._headers = {"Authorization": basic(options.auth_id, options.auth_token.get_secret_value())}

    def unfit(self, message: Message) -> str | None:
        """A text, a life or a sender that it would cut, refuse or change."""
        if _units(message) > LONGEST[message.encoding]:
            return f"takes at most {LONGEST['gsm7']} characters, or {LONGEST['ucs2']} of Unicode"
        if message.valid_for_s < MIN_VALIDITY_S:
            return f"holds a message for {MIN_VALIDITY_S} seconds or more, and less is left"
        sender = message.sender or self.sender
        return (sender_forms.complaint(sender) if sender else None) or super().unfit(message)

    def request(self, message: Message, now: float) -> httpx.Request:
        """A JSON post; what is left of a code's life goes along, and its text stays out of Plivo's logs."""
        options = self._options
        sender = message.sender or options.sender
        body: dict[str, Any] = {
            "dst": message.to,
            **({"src": sender} if sender else {"powerpack_uuid": options.powerpack_uuid}),
            "text": message.text,
            "type": "sms",
            "message_expiry": min(message.valid_for_s, MAX_VALIDITY_S),
            "log": "false" if message.is_code or options.discard_content else "true",
            **self._dlt(message),
        }
        if message.receipts_url:
            body |= {"url": message.receipts_url, "method": "POST"}
        return httpx.Request("POST", self._url, json=body, headers=self._headers)

    def _dlt(self, message: Message) -> dict[str, str]:
        if message.dlt is None:
            return {}
        promotes = message.message_class == "promotional"
        return {
            "dlt_entity_id": message.dlt.entity_id,
            "dlt_template_id": message.dlt.template_id,
            "dlt_template_category": "promotional" if promotes else self._options.dlt_template_category,
        }

    def outcome(self, response: httpx.Response) -> Outcome:
        """A 2xx with an id is accepted; Plivo's errors have no codes, so that the HTTP status decides."""
        body = json_of(response.content)
        if not response.is_success:
            named = response.status_code == 403 and at(body, "error") is not None
            return self.refusal(response, "http 403" if named else None)
        found = vendor_id(at(body, "message_uuid.0"))
        if found is None and at(body, "invalid_number.0") is not None:
            return self.refusal(response, "invalid_number")
        return Outcome(Verdict.ACCEPTED, provider_message_id=found) if found else unreadable(response)

    def receipts(self, callback: Callback) -> list[Receipt]:
        """The one receipt of a status callback, of one segment where Plivo reports each by itself."""
        form = dict(form_of(callback) or ())
        found = vendor_id(form.get("ParentMessageUUID") or form.get("MessageUUID"))  # (*) the parent of segments
        said = form.get("Status", "")
        if not found or not said:
            return []
        part, parts = _part(form.get("PartInfo", ""))
        return [self.receipt(found, said, vendor_word(form.get("ErrorCode", "")), part, parts)]

    def authentic(self, callback: Callback, now: float) -> bool:
        """True if the signature is Plivo's over the configured URL and the form.

        Nothing signed holds a time, so `now` goes unused: repeats are harmless because a message only moves up.
        """
        return is_signed(callback, self._options.auth_token.get_secret_value(), self._options.accept_v2)


def _units(message: Message) -> int:
    if message.encoding == "gsm7":
        return sum(2 if character in EXTENSION else 1 for character in message.text)
    return len(message.text.encode("utf-16-be", "replace")) // 2


def _part(told: str) -> tuple[str, int | None]:
    """Which segment, of how many; nothing of a message with one."""
    found = PART.fullmatch(told)
    return (found[1], int(found[2])) if found and int(found[2]) > 1 else ("", None)
