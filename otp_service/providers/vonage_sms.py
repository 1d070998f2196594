"""Vonage's SMS API: `POST /sms/json`, answered 200 whatever comes of it, reported segment by segment.

Sources: fields and limits from `requests.py` of the SDK (vonage-sms 1.2); answers and receipts from
messaging/sms/guides of Vonage's documentation (concatenation-and-encoding, delivery-receipts); errors in
`vonage_sms_words.py`. None was tried on a live account.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import httpx
from pydantic import model_validator

from otp_service.domain.messages import Callback, Message, MessageStatus, Outcome, Receipt, Verdict
from otp_service.providers import vonage_account
from otp_service.providers.answers import at, json_of, unreadable, vendor_id, vendor_word
from otp_service.providers.base import Options, Vendor
from otp_service.providers.forms import fields_of
from otp_service.providers.option_types import BaseUrl, Secret
from otp_service.providers.proofs import basic
from otp_service.providers.vonage_account import MAX_CHARACTERS, MAX_VALIDITY_S, TYPES, ApiKey, Sender
from otp_service.providers.vonage_signature import Method, is_signed, signature
from otp_service.providers.vonage_sms_words import ERRORS

MAX_CALLBACK = 100
MAX_SEGMENTS = 100  # more than MAX_CHARACTERS can make

# status of a receipt -> ours
STATUSES: Mapping[str, MessageStatus] = {
    "accepted": "accepted",
    "buffered": "sent",
    "delivered": "delivered",
    "expired": "expired",
    "failed": "failed",
    "rejected": "undelivered",
}


class VonageSmsOptions(Options):
    """An account, how it is proven in both directions, and a sender."""

    api_key: ApiKey
    api_secret: Secret | None = None
    signature_secret: Secret | None = None  # proves the receipts; without api_secret it signs what is sent as well
    signature_method: Method = "sha256_hmac"
    sender: Sender
    base_url: BaseUrl = "https://rest.nexmo.com"

    @model_validator(mode="after")
    def _has_a_secret(self) -> Self:
        if self.api_secret is None and self.signature_secret is None:
            raise ValueError("api_secret, signature_secret: give at least one of the two")
        return self


class VonageSms(Vendor):
    """Sends by Vonage's SMS API, and reads and authenticates its delivery receipts."""

    kind: ClassVar[str] = "vonage_sms"
    options_type: ClassVar[type[Options]] = VonageSmsOptions
    fixed_receipts = True  # `callback` holds 100 characters, and a URL of a message's own has more
    carries_dlt = True
    max_characters = MAX_CHARACTERS
    errors = ERRORS
    statuses = STATUSES
    signed_by = "MD5 or HMAC, if Vonage was asked to sign"

    def __init__(self, name: str, options: VonageSmsOptions) -> None:
        self.name = name
        self.sender = options.sender
        self._options = options
        self._secret = options.signature_secret.get_secret_value() if options.signature_secret else ""
        self._url = httpx.URL(f"{options.base_url}/sms/json")

    def unfit(self, message: Message) -> str | None:
        """A text, a life or a sender that it would refuse or change."""
        return vonage_account.unfit(message, message.sender or self._options.sender) or super().unfit(message)

    def request(self, message: Message, now: float) -> httpx.Request:
        """A form post with what is left of the code's life; signed, or with the account's secret."""
        form = {
            "from": (message.sender or self._options.sender).removeprefix("+"),
            "to": message.to.removeprefix("+"),
            "text": message.text,
            "type": TYPES[message.encoding],
            "ttl": str(min(message.valid_for_s, MAX_VALIDITY_S) * 1000),
            "client-ref": message.id,
            **_ids(message),
        }
        if message.receipts_url and len(message.receipts_url) <= MAX_CALLBACK:
            form["callback"] = message.receipts_url
        options = self._options
        if options.api_secret is not None:
            headers = {"Authorization": basic(options.api_key, options.api_secret.get_secret_value())}
            return httpx.Request("POST", self._url, data=form, headers=headers)
        return httpx.Request("POST", self._url, data=self._signed(form, now))

    def _signed(self, form: dict[str, str], now: float) -> dict[str, str]:
        fields = {**form, "api_key": self._options.api_key, "timestamp": str(int(now))}
        return {**fields, "sig": signature(fields, self._secret, self._options.signature_method)}

    def outcome(self, response: httpx.Response) -> Outcome:
        """Accepted if every segment is; one that isn't decides for all, since half a text is none."""
        body = json_of(response.content)
        statuses, ids = _segments(body)
        refused = [vendor_word(status) for status in statuses if status not in ("0", 0)]
        if refused and refused[0] is not None:
            return self.refusal(response, refused[0])
        if not response.is_success:
            return self.refusal(response, None)
        if refused or not ids or None in ids or at(body, "message-count") not in (str(len(ids)), len(ids)):
            return unreadable(response)
        found = tuple(id for id in ids if id)
        return Outcome(Verdict.ACCEPTED, provider_message_id=found[0], parts=found)

    def receipts(self, callback: Callback) -> list[Receipt]:
        """The one receipt of a segment; a status we don't know moves nothing."""
        fields = fields_of(callback) or {}
        found, said = vendor_id(fields.get("messageId")), fields.get("status", "")
        if not found or not said:
            return []
        code = vendor_word(fields.get("err-code", ""))
        return [self.receipt(found, said, f"dlr.{code}" if code and code != "0" else None, found)]

    def authentic(self, callback: Callback, now: float) -> bool:
        """True if `sig` is right and fresh, or if no signature secret is configured.

        Without one, only the token in the URL speaks for it: enough for a receipt, which approves nothing.
        """
        if not self._secret:
            return True
        fields = fields_of(callback)
        return fields is not None and is_signed(fields, self._secret, self._options.signature_method, now)


def _ids(message: Message) -> dict[str, str]:
    if message.dlt is None:
        return {}
    return {"entity-id": message.dlt.entity_id, "content-id": message.dlt.template_id}


def _segments(body: Any) -> tuple[list[object], list[str | None]]:
    """The status and the id of each segment in an answer."""
    told = at(body, "messages")
    segments = told[:MAX_SEGMENTS] if isinstance(told, list) else []
    return [at(one, "status") for one in segments], [vendor_id(at(one, "message-id")) for one in segments]
