"""Infobip SMS: `POST /sms/3/messages`, answered 200 with a status per message, reported by JSON of up to many results.

Sources: fields and shapes from the SDK's models (infobip-api-python-client 6.0, which the tests ask); statuses and
errors as `infobip_words.py` says. (*) from memory: the bounds of validityPeriod. None was tried on a live account.
"""

import base64
import hmac
from typing import Annotated, Any, ClassVar, Literal

import httpx
from pydantic import Field

from otp_service.domain.messages import FAILED_STATUSES, Callback, Message, Outcome, Receipt, Verdict
from otp_service.providers.answers import at, json_of, unreadable, vendor_id, vendor_word
from otp_service.providers.base import Options, Vendor, matching
from otp_service.providers.infobip_words import ERRORS, GROUPS, STATUSES
from otp_service.providers.option_types import BaseUrl, HeaderName, HeaderSecret, Secret, Sender
from otp_service.providers.proofs import basic, same
from otp_service.providers.sender_forms import ascii_complaint, in_digits

MAX_VALIDITY_S = 48 * 3600  # (*) the most that Infobip takes
MAX_SEGMENTS, MAX_BYTES = 25, 4000  # REJECTED_MESSAGE_TOO_LONG
MAX_RESULTS = 1000
TAKEN = ("ACCEPTED", "PENDING", "DELIVERED")
REFUSED = ("REJECTED", "UNDELIVERABLE", "EXPIRED")
DUPLICATE = "REJECTED_DUPLICATE_MESSAGE_ID"


class InfobipBasic(Options):
    """Name and password that a subscription's Basic authentication sends."""

    username: Annotated[str, matching(r"[^:]+", "a name without a colon")]
    password: Secret


class InfobipHmac(Options):
    """The header in which a subscription sends the body's HMAC, and how it is made."""

    header: HeaderName
    secret: Secret
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"


class InfobipOptions(Options):
    """An account's own address, an API key, a sender, and how reports prove themselves, if they do."""

    base_url: BaseUrl
    api_key: HeaderSecret
    sender: Sender | None = None
    telemarketer_id: Annotated[str | None, Field(min_length=1, max_length=64)] = None
    receipts_basic: InfobipBasic | None = None
    receipts_hmac: InfobipHmac | None = None


class Infobip(Vendor):
    """Sends by Infobip, under our own message id, so that a repeat never sends twice."""

    kind: ClassVar[str] = "infobip"
    options_type: ClassVar[type[Options]] = InfobipOptions
    carries_dlt = True
    signed_by = "a password or an HMAC, if the subscription has one"
    errors = ERRORS

    def __init__(self, name: str, options: InfobipOptions) -> None:
        self.name = name
        self.sender = options.sender
        self._options = options
        self._url = httpx.URL(f"{options.base_url}/sms/3/messages")
        self._headers = {"Authorization": f"App {options.api_key.get_secret_value()}", "Accept": "application/json"}

    def unfit(self, message: Message) -> str | None:
        """A longer text than Infobip takes, or a sender that is none."""
        if message.segments > MAX_SEGMENTS or len(message.text.encode("utf-8", "replace")) > MAX_BYTES:
            return f"takes at most {MAX_SEGMENTS} segments and {MAX_BYTES} bytes"
        return ascii_complaint(message.sender) or super().unfit(message)

    def request(self, message: Message, now: float) -> httpx.Request:
        """A POST of the one message with its id, its remaining life and where to report."""
        told: dict[str, Any] = {
            "sender": in_digits(message.sender or self.sender),
            "destinations": [{"to": message.to.removeprefix("+"), "messageId": message.id}],
            "content": {"text": message.text},
            "options": self._message_options(message),
            "webhooks": _webhooks(message.receipts_url),
        }
        body = {"messages": [{name: value for name, value in told.items() if value is not None}]}
        return httpx.Request("POST", self._url, json=body, headers=self._headers)

    def _message_options(self, message: Message) -> dict[str, Any]:
        seconds = min(max(1, message.valid_for_s), MAX_VALIDITY_S)
        found: dict[str, Any] = {"validityPeriod": {"amount": seconds, "timeUnit": "SECONDS"}}
        if message.dlt is not None:
            dlt = {"contentTemplateId": message.dlt.template_id, "principalEntityId": message.dlt.entity_id}
            if self._options.telemarketer_id is not None:
                dlt["telemarketerId"] = self._options.telemarketer_id
            found["regional"] = {"indiaDlt": dlt}
        return found

    def outcome(self, response: httpx.Response) -> Outcome:
        """The message's status decides; an id that Infobip has already means that an earlier try arrived."""
        body = json_of(response.content)
        if not response.is_success:
            return self.refusal(response, _code(body))
        found = vendor_id(at(body, "messages.0.messageId"))
        name, group = at(body, "messages.0.status.name"), at(body, "messages.0.status.groupName")
        if found and (group in TAKEN or name == DUPLICATE):
            return Outcome(Verdict.ACCEPTED, provider_message_id=found)
        if group not in REFUSED:
            return unreadable(response)
        word = name if isinstance(name, str) and name in ERRORS else vendor_word(name)
        return self.refusal(response, word or f"http {response.status_code}")

    def receipts(self, callback: Callback) -> list[Receipt]:
        """One receipt per result; Infobip may put many into one call."""
        results = at(json_of(callback.body), "results")
        told = results[:MAX_RESULTS] if isinstance(results, list) else []
        return [receipt for receipt in map(_receipt, told) if receipt is not None]

    def authentic(self, callback: Callback, now: float) -> bool:
        """True if the configured password and HMAC are right; with neither, the URL alone speaks for it."""
        password, mac = self._options.receipts_basic, self._options.receipts_hmac
        return (password is None or _has_password(callback, password)) and (mac is None or _has_mac(callback, mac))


def _webhooks(url: str | None) -> dict[str, Any] | None:
    return {"delivery": {"url": url}, "contentType": "application/json"} if url else None


def _code(body: Any) -> str | None:
    """The code of a refused request, in the newer shape or the older one."""
    return vendor_word(at(body, "errorCode")) or vendor_word(at(body, "requestError.serviceException.messageId"))


def _receipt(result: Any) -> Receipt | None:
    found, name = vendor_id(at(result, "messageId")), at(result, "status.name")
    if found is None or not isinstance(name, str):
        return None
    status = STATUSES.get(name) or GROUPS.get(str(at(result, "status.groupName")))
    if status is None:
        return Receipt(found, "accepted", "unknown", vendor_word(name))
    if status not in FAILED_STATUSES and name not in ERRORS:
        return Receipt(found, status, None, vendor_word(name))
    words = [word for word in (at(result, "error.name"), name) if isinstance(word, str) and word != "NO_ERROR"]
    known = next((word for word in words if word in ERRORS), None)
    if known is not None:
        return Receipt(found, status, ERRORS[known].reason, known)
    return Receipt(found, status, "unknown", next(filter(None, map(vendor_word, words)), None))


def _has_password(callback: Callback, told: InfobipBasic) -> bool:
    wanted = basic(told.username, told.password.get_secret_value()).removeprefix("Basic ")
    scheme, _, given = callback.headers.get("authorization", "").partition(" ")
    return same(given, wanted) and scheme.lower() == "basic"


def _has_mac(callback: Callback, told: InfobipHmac) -> bool:
    mac = hmac.new(told.secret.get_secret_value().encode(), callback.body, told.algorithm)
    given = callback.headers.get(told.header.lower(), "").strip().removeprefix(f"{told.algorithm}=")
    if told.encoding == "hex":
        return same(given.lower(), mac.hexdigest())
    return same(given, base64.b64encode(mac.digest()))
