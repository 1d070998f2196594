"""Twilio Messaging: `POST /2010-04-01/Accounts/{sid}/Messages.json`, answered 201, reported by signed form posts.

Sources: fields and statuses from twilio-oai's `twilio_api_v2010.json` and docs/messaging/api/message-resource on
twilio.com; errors in `twilio_words.py`. None was tried on a live account.
"""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

import httpx
from pydantic import Field, model_validator

from otp_service.domain.messages import FAILED_STATUSES, Callback, Message, MessageStatus, Outcome, Receipt, Verdict
from otp_service.providers.answers import json_of, unreadable, vendor_id, vendor_word
from otp_service.providers.base import Options, Vendor, matching
from otp_service.providers.forms import form_of
from otp_service.providers.option_types import BaseUrl, Secret
from otp_service.providers.proofs import basic
from otp_service.providers.twilio_signature import is_signed
from otp_service.providers.twilio_words import ERRORS

MAX_VALIDITY_S = 36_000  # docs/api/errors/90007: whole seconds from 1 to 36,000, which is also the default
# 21609, docs/api/errors: a whole message is refused over a StatusCallback that only this host can reach.
OWN_HOST = re.compile(r"https?://(localhost|127\.|\[::1\])")

# MessageStatus -> ours. Its queue is behind our hand-over, so queued and sending are `accepted` here.
STATUSES: Mapping[str, MessageStatus] = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "sent",
    "partially_delivered": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "canceled",
}

Account = Annotated[str, matching(r"AC[0-9a-fA-F]{32}", "AC and 32 hexadecimal digits, as the console shows it")]
ApiKey = Annotated[str, matching(r"SK[0-9a-fA-F]{32}", "SK and 32 hexadecimal digits")]
SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
MessagingService = Annotated[str, matching(SERVICE.pattern, "MG and 32 hexadecimal digits")]


class TwilioOptions(Options):
    """An account, a sender, and what Twilio may keep."""

    account_sid: Account
    auth_token: Secret  # signs the receipts, and authenticates us unless there is an API key
    api_key_sid: ApiKey | None = None
    api_key_secret: Secret | None = None
    webhook_key: Secret | None = None  # the secret of a SharedKey, if Twilio signs with one
    sender: Annotated[str | None, Field(min_length=1, max_length=32)] = None
    messaging_service_sid: MessagingService | None = None
    discard_content: bool = False
    obfuscate_address: bool = False
    base_url: BaseUrl = "https://api.twilio.com"

    @model_validator(mode="after")
    def _has_a_sender(self) -> Self:
        if (self.sender is None) == (self.messaging_service_sid is None):
            raise ValueError("sender, messaging_service_sid: give exactly one of the two")
        return self

    @model_validator(mode="after")
    def _api_key_is_whole(self) -> Self:
        if (self.api_key_sid is None) != (self.api_key_secret is None):
            raise ValueError("api_key_sid, api_key_secret: give both or neither")
        return self


class Twilio(Vendor):
    """Sends by Twilio Messaging, and reads and authenticates its status callbacks."""

    kind: ClassVar[str] = "twilio"
    options_type: ClassVar[type[Options]] = TwilioOptions
    max_characters = 1600
    errors = ERRORS
    statuses = STATUSES
    signed_by = "HMAC-SHA1 or SHA-256"

    def __init__(self, name: str, options: TwilioOptions) -> None:
        self.name = name
        self.sender = options.sender
        self._options = options
        self._url = httpx.URL(f"{options.base_url}/2010-04-01/Accounts/{options.account_sid}/Messages.json")
        self._headers = {"Authorization": _authorization(options), "Accept": "application/json"}
        self._fixed = _fixed(options)

    def request(self, message: Message, now: float) -> httpx.Request:
        """A form post; the code's remaining life goes along, since the default of ten hours delivers dead codes."""
        form = {
            "To": message.to,
            **self._sender(message),
            "Body": message.text,
            "ValidityPeriod": str(min(max(1, message.valid_for_s), MAX_VALIDITY_S)),
            **self._fixed,
        }
        if message.receipts_url and not OWN_HOST.match(message.receipts_url):
            form["StatusCallback"] = message.receipts_url
        return httpx.Request("POST", self._url, data=form, headers=self._headers)

    def _sender(self, message: Message) -> dict[str, str]:
        sender = message.sender or self._options.sender or str(self._options.messaging_service_sid)
        return {"MessagingServiceSid" if SERVICE.fullmatch(sender) else "From": sender}

    def outcome(self, response: httpx.Response) -> Outcome:
        """201 with a sid is accepted; else the error's code decides, and failing that the HTTP status."""
        body = json_of(response.content)
        told = body if isinstance(body, dict) else {}
        code = vendor_word(told.get("error_code" if response.is_success else "code"))
        status = vendor_word(told.get("status")) or ""
        if not response.is_success or code in ERRORS or STATUSES.get(status) in FAILED_STATUSES:
            return self.refusal(response, code if code or not response.is_success else status)
        sid = vendor_id(told.get("sid"))
        return Outcome(Verdict.ACCEPTED, provider_message_id=sid) if sid else unreadable(response)

    def receipts(self, callback: Callback) -> list[Receipt]:
        """The one receipt of a status callback; a status we don't know moves nothing and is kept as it was said."""
        form = dict(form_of(callback) or ())
        sid, said = vendor_id(form.get("MessageSid")), form.get("MessageStatus", "")
        if not sid or not said:
            return []
        return [self.receipt(sid, said, vendor_word(form.get("ErrorCode", "")))]

    def authentic(self, callback: Callback, now: float) -> bool:
        """True if the signature is Twilio's over the configured URL and the body.

        Nothing signed holds a time, so `now` goes unused: repeats are harmless because a message only moves up.
        """
        key = self._options.webhook_key
        return is_signed(callback, self._options.auth_token.get_secret_value(), key.get_secret_value() if key else None)


def _authorization(options: TwilioOptions) -> str:
    user = options.api_key_sid or options.account_sid
    secret = options.api_key_secret or options.auth_token
    return basic(user, secret.get_secret_value())


def _fixed(options: TwilioOptions) -> dict[str, str]:
    wanted = {
        "ContentRetention": options.discard_content and "discard",
        "AddressRetention": options.obfuscate_address and "obfuscate",
    }
    return {name: value for name, value in wanted.items() if value}
