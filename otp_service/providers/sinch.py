"""Sinch SMS: `POST /xms/v1/{service plan}/batches` with a batch of one, answered 201, reported by JSON per recipient.

Sources: fields, shapes and the signature from the SDK (sinch 2.3, which the tests ask); bounds and `${...}` from
developers.sinch.com/docs/sms/api-reference and .../message-parameterization. None was tried on a live account.
"""

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal

import httpx

from otp_service.domain.messages import FAILED_STATUSES, Callback, Message, MessageStatus, Outcome, Receipt, Verdict
from otp_service.providers.answers import json_of, unreadable, vendor_id, vendor_word
from otp_service.providers.base import Options, Vendor, matching
from otp_service.providers.option_types import BaseUrl, HeaderSecret, Sender
from otp_service.providers.proofs import is_fresh, same
from otp_service.providers.sender_forms import ascii_complaint, in_digits
from otp_service.providers.sinch_words import ERRORS, REASONS_OF_STATUS, STATUSES

PARAMETER = re.compile(r"\$\{[A-Za-z0-9._-]+\}")
MAX_VALIDITY_S = 3 * 86_400
REPORT = "recipient_delivery_report_sms"
HEADER = "x-sinch-webhook-signature"

PlanId = Annotated[str, matching(r"[0-9A-Za-z_-]{1,64}", "the service plan id as the dashboard shows it")]


class SinchOptions(Options):
    """A service plan with its token, a sender unless the plan has one, and its callbacks' secret if it has one."""

    region: Literal["us", "eu", "au", "br", "ca"] = "eu"
    service_plan_id: PlanId
    api_token: HeaderSecret
    sender: Sender | None = None
    webhook_secret: HeaderSecret | None = None
    base_url: BaseUrl | None = None


class Sinch(Vendor):
    """Sends by Sinch's REST service, and reads what it reports of each recipient."""

    kind: ClassVar[str] = "sinch"
    options_type: ClassVar[type[Options]] = SinchOptions
    max_characters = 1600
    signed_by = "HMAC, if Sinch has set a secret up"
    errors = ERRORS

    def __init__(self, name: str, options: SinchOptions) -> None:
        self.name = name
        self.sender = options.sender
        self._secret = options.webhook_secret
        host = options.base_url or f"https://{options.region}.sms.api.sinch.com"
        self._url = httpx.URL(f"{host}/xms/v1/{options.service_plan_id}/batches")
        self._headers = {"Authorization": f"Bearer {options.api_token.get_secret_value()}"}

    def unfit(self, message: Message) -> str | None:
        """A text that Sinch would change, or a sender that is none."""
        if PARAMETER.search(message.text):
            return "takes ${...} in a text for a parameter of its own"
        return ascii_complaint(message.sender) or super().unfit(message)

    def request(self, message: Message, now: float) -> httpx.Request:
        """A batch of one, with the moment at which it is of no more use; Sinch would try for three days."""
        wanted = {
            "from": in_digits(message.sender or self.sender),
            "to": [message.to.removeprefix("+")],
            "body": message.text,
            "type": "mt_text",
            "expire_at": _moment(now + min(max(1, message.valid_for_s), MAX_VALIDITY_S)),
            "client_reference": message.id,
            "delivery_report": "per_recipient" if message.receipts_url else "none",
            "callback_url": message.receipts_url,
        }
        body = {name: value for name, value in wanted.items() if value is not None}
        return httpx.Request("POST", self._url, json=body, headers=self._headers)

    def outcome(self, response: httpx.Response) -> Outcome:
        """201 with a batch id is accepted; else the error's code decides, and failing that the HTTP status."""
        body = json_of(response.content)
        told = body if isinstance(body, dict) else {}
        if response.is_success:
            found = vendor_id(told.get("id"))
            return Outcome(Verdict.ACCEPTED, provider_message_id=found) if found else unreadable(response)
        word = vendor_word(told.get("code"))
        return self.refusal(response, None if word and word.isdigit() else word)  # numbers are the words of reports

    def receipts(self, callback: Callback) -> list[Receipt]:
        """What is reported of the one recipient; other kinds of callback are none."""
        told = json_of(callback.body)
        if not isinstance(told, dict) or told.get("type") != REPORT:
            return []
        found, status, code = vendor_id(told.get("batch_id")), vendor_word(told.get("status")), told.get("code")
        if found is None or status is None:
            return []
        return [_receipt(found, status, vendor_word(code))]

    def authentic(self, callback: Callback, now: float) -> bool:
        """True if body, nonce and a time within five minutes are signed; without a secret, the URL alone counts."""
        if self._secret is None:
            return True
        nonce, moment = callback.headers.get(f"{HEADER}-nonce", ""), callback.headers.get(f"{HEADER}-timestamp", "")
        text = b"%s.%s.%s" % (callback.body, nonce.encode("utf-8", "replace"), moment.encode("utf-8", "replace"))
        mac = hmac.new(self._secret.get_secret_value().encode(), text, hashlib.sha256).digest()
        return same(callback.headers.get(HEADER, ""), base64.b64encode(mac)) and is_fresh(moment, now)


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _receipt(found: str, word: str, code: str | None) -> Receipt:
    status: MessageStatus | None = STATUSES.get(word.upper())
    if status is None:
        return Receipt(found, "accepted", "unknown", word)
    if status not in FAILED_STATUSES:
        return Receipt(found, status, REASONS_OF_STATUS.get(word.upper()), word)
    if code is not None and code in ERRORS:
        return Receipt(found, status, ERRORS[code].reason, code)
    return Receipt(
        found, status, REASONS_OF_STATUS.get(word.upper(), "unknown"), code if code not in (None, "0") else word
    )
