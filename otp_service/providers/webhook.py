"""Any HTTP gateway, as the configuration describes it: how to ask it, and how to read its answers and receipts.

Retry-After by RFC 9110, section 10.2.3; Bearer by RFC 6750, section 2.1.
"""

import re
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import httpx

from otp_service.domain.messages import Callback, Message, Outcome, Receipt, Verdict
from otp_service.providers.answers import at, json_of, outcome_of_status, unreadable, vendor_id, vendor_word
from otp_service.providers.base import Options, Vendor
from otp_service.providers.placeholders import filled, filled_text, values_of
from otp_service.providers.proofs import basic, same
from otp_service.providers.webhook_options import Auth, Id, Receipts, Success, WebhookOptions

SEARCHED = 4096  # bytes of an answer that a pattern is tried on
MAX_FIELDS = 200


class Webhook(Vendor):
    """Sends by a gateway of which only the configuration knows what it wants."""

    kind: ClassVar[str] = "webhook"
    options_type: ClassVar[type[Options]] = WebhookOptions

    def __init__(self, name: str, options: WebhookOptions) -> None:
        self.name = name
        self.sender = options.sender
        self.sends_receipts = options.receipts is not None
        self.statuses = options.receipts.statuses if options.receipts else {}
        self._options = options
        self._url = httpx.URL(options.url)
        self._authorization = _authorization(options.auth)

    def request(self, message: Message, now: float) -> httpx.Request:
        """The configured request with the message's values in their places."""
        options = self._options
        values = {**values_of(message), "sender": message.sender or options.sender}
        headers = {name: filled_text(value, values) for name, value in options.headers.items()}
        url, content = _placed(options.body.kind, filled(options.body.values, values), self._url)
        return httpx.Request(options.method, url, headers={**headers, **self._authorization}, **content)

    def outcome(self, response: httpx.Response) -> Outcome:
        """Accepted if the configured condition holds, rejected on the listed statuses; the rest as HTTP says."""
        if response.status_code in self._options.rejected:
            return Outcome(Verdict.REJECTED, "unknown", raw=f"http {response.status_code}")
        if response.status_code not in self._options.success.status:
            return outcome_of_status(response)
        return _judged(self._options.success, self._options.id, response)

    def receipts(self, callback: Callback) -> list[Receipt]:
        """The one receipt of a callback; a word that isn't listed moves nothing and is kept as it was said.

        Its id is empty where the gateway names none: then the callback's URL alone says which message is meant.
        """
        told = self._options.receipts
        if told is None:
            return []
        report = _report(told, callback)
        found = "" if told.id is None else vendor_id(at(report, told.id))
        word = at(report, told.status)
        if found is None or not isinstance(word, str | int):
            return []
        return [self.receipt(found, str(word))]

    def authentic(self, callback: Callback, now: float) -> bool:
        """True if the callback carries the configured secret header, or if none is configured.

        Without one, only the token in the URL speaks for it: enough for a receipt, which approves nothing.
        """
        told = self._options.receipts
        if told is None:
            return False
        if told.header is None or told.secret is None:
            return True
        return same(callback.headers.get(told.header.lower(), ""), told.secret.get_secret_value())


def _placed(kind: str, body: dict[str, Any], url: httpx.URL) -> tuple[httpx.URL, dict[str, Any]]:
    """The URL, and how httpx is to encode the body."""
    if kind == "json":
        return url, {"json": body}
    texts = {name: str(value) for name, value in body.items()}
    if kind == "form":
        return url, {"data": texts}
    return url.copy_merge_params(texts), {}


def _judged(success: Success, where: Id | None, response: httpx.Response) -> Outcome:
    """A good status; whether the body agrees, and which id it gives."""
    body = json_of(response.content)
    if success.path is not None:
        said = at(body, success.path)
        if said is None:
            return unreadable(response)
        if not _same(said, success.equals):
            return Outcome(
                Verdict.TRY_ANOTHER, "provider_error", raw=vendor_word(said) or f"http {response.status_code}"
            )
    return Outcome(Verdict.ACCEPTED, provider_message_id=_id(where, body, response))


def _same(said: object, wanted: object) -> bool:
    return type(said) is type(wanted) and said == wanted  # in Python True == 1


def _id(where: Id | None, body: object, response: httpx.Response) -> str | None:
    if where is None:
        return None
    if where.path is not None:
        return vendor_id(at(body, where.path))
    # Not response.text: it trusts the charset that the answer names, and Python knows some that decode to no text.
    found = re.search(where.pattern or "", response.content[:SEARCHED].decode("utf-8", "replace"))
    return vendor_id(found[1]) if found else None


def _authorization(auth: Auth | None) -> dict[str, str]:
    if auth is None:
        return {}
    if auth.bearer is not None:
        return {"Authorization": f"Bearer {auth.bearer.get_secret_value()}"}
    password = auth.password.get_secret_value() if auth.password else ""
    return {"Authorization": basic(auth.username or "", password)}


def _report(told: Receipts, callback: Callback) -> object:
    if told.kind == "json":
        return json_of(callback.body)
    text = urlsplit(callback.url).query if told.kind == "query" else callback.body.decode("utf-8", "replace")
    try:
        return dict(parse_qsl(text, max_num_fields=MAX_FIELDS))
    except ValueError:
        return None
