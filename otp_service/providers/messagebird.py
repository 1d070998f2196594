"""MessageBird's classic REST service: `POST /messages`, answered 201, reported by signed GETs.

Sources: fields, answers and the signature from the SDK (messagebird 2.2: client.py, message.py, request_validator.py,
which the tests ask); (*) from memory: the fields of a report and that they need a `reference`, the bounds, `datacoding`
auto. None was tried on a live account. The newer Bird API (api.bird.com) is another product.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx

from otp_service.domain.messages import Callback, Message, Outcome, Receipt, Verdict
from otp_service.providers.answers import at, json_of, unreadable, vendor_id, vendor_word
from otp_service.providers.base import Options, Vendor
from otp_service.providers.forms import query_of
from otp_service.providers.messagebird_words import ERRORS, STATUSES
from otp_service.providers.option_types import BaseUrl, HeaderSecret, Secret, Sender
from otp_service.providers.proofs import claims_of, same
from otp_service.providers.sender_forms import ascii_complaint, in_digits

MAX_SEGMENTS = 9  # (*) 1377 characters of GSM text
MAX_VALIDITY_S = 2 * 86_400  # (*)
LEEWAY_S = 1
ALGORITHMS = ("HS256", "HS384", "HS512")


class MessageBirdOptions(Options):
    """An access key, a sender, and the signing key of the account."""

    access_key: HeaderSecret
    sender: Sender
    signing_key: Secret
    base_url: BaseUrl = "https://rest.messagebird.com"


class MessageBird(Vendor):
    """Sends by MessageBird, and reads its signed status reports."""

    kind: ClassVar[str] = "messagebird"
    options_type: ClassVar[type[Options]] = MessageBirdOptions
    signed_by = "a JWT (HS256)"
    errors = ERRORS
    statuses = STATUSES

    def __init__(self, name: str, options: MessageBirdOptions) -> None:
        self.name = name
        self.sender = options.sender
        self._key = options.signing_key.get_secret_value()
        self._url = httpx.URL(f"{options.base_url}/messages")
        self._headers = {
            "Authorization": f"AccessKey {options.access_key.get_secret_value()}",
            "Accept": "application/json",
        }

    def unfit(self, message: Message) -> str | None:
        """A longer text than MessageBird takes, or a sender that is none."""
        if message.segments > MAX_SEGMENTS:
            return f"takes at most {MAX_SEGMENTS} segments"
        return ascii_complaint(message.sender) or super().unfit(message)

    def request(self, message: Message, now: float) -> httpx.Request:
        """A POST; `auto` lets MessageBird choose the alphabet, since `plain` would lose what it lacks."""
        body = {
            "originator": in_digits(message.sender or self.sender),
            "recipients": [message.to.removeprefix("+")],
            "body": message.text,
            "datacoding": "auto",
            "validity": min(max(1, message.valid_for_s), MAX_VALIDITY_S),
            "reference": message.id,  # without one, nothing is reported
            **({"reportUrl": message.receipts_url} if message.receipts_url else {}),
        }
        return httpx.Request("POST", self._url, json=body, headers=self._headers)

    def outcome(self, response: httpx.Response) -> Outcome:
        """201 with an id is accepted; else the first error's code and parameter decide, then the HTTP status."""
        body = json_of(response.content)
        if response.is_success:
            found = vendor_id(at(body, "id"))
            return Outcome(Verdict.ACCEPTED, provider_message_id=found) if found else unreadable(response)
        code = vendor_word(at(body, "errors.0.code"))
        words = (f"{code}-{at(body, 'errors.0.parameter')}", code or "")
        return self.refusal(response, next((word for word in words if word in ERRORS), code))

    def receipts(self, callback: Callback) -> list[Receipt]:
        """The one report of a GET; what comes without id and status is none."""
        told = dict(query_of(callback) or ())
        found, word = vendor_id(told.get("id")), vendor_word(told.get("status"))
        if found is None or word is None:
            return []
        code = f"report-{told.get('statusErrorCode', '')}"
        return [self.receipt(found, word, code if code in ERRORS else None)]

    def authentic(self, callback: Callback, now: float) -> bool:
        """True if the account's key signed this URL and this body, and the signature is in force.

        Its `jti` goes unused: repeats are harmless because a message only moves up.
        """
        claims = claims_of(callback.headers.get("messagebird-signature-jwt", ""), self._key, ALGORITHMS)
        if claims is None or claims.get("iss") != "MessageBird" or not _in_force(claims, now):
            return False
        if not _is_hash(claims.get("url_hash"), callback.url.encode("utf-8", "replace")):
            return False
        told = claims.get("payload_hash")
        return _is_hash(told, callback.body) if callback.body else not told


def _in_force(claims: Mapping[str, Any], now: float) -> bool:
    begin, end = claims.get("nbf"), claims.get("exp")
    if not isinstance(begin, int | float) or not isinstance(end, int | float):
        return False
    return begin - LEEWAY_S <= now < end + LEEWAY_S


def _is_hash(claim: object, content: bytes) -> bool:
    return isinstance(claim, str) and same(claim, hashlib.sha256(content).hexdigest())
