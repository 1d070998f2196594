"""What a provider is: a pure translation between our messages and a vendor's HTTP, with nothing of it sent here."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, NamedTuple, Protocol

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict

from otp_service.domain.messages import Callback, Message, Outcome, Receipt, Verdict

MAX_RETRY_AFTER_S = 86_400
MAX_ID = 128
WORD = re.compile(r"(?!.*[0-9]{5})[A-Za-z][A-Za-z0-9_.-]{0,31}\Z|-?[0-9]{1,6}\Z")  # no run of digits as long as a code


class Options(BaseModel):
    """The options of one kind of provider; what it doesn't know it refuses, and no error repeats a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"  # any of them may hold a secret, in a header or in a body

    __str__ = __repr__


def matching(pattern: str, told: str) -> AfterValidator:
    """Refuses text that doesn't match as a whole, and says what it must be rather than the pattern."""
    whole = re.compile(pattern)

    def check(text: str) -> str:
        if not whole.fullmatch(text):
            raise ValueError(f"must be {told}")
        return text

    return AfterValidator(check)


class Provider(Protocol):
    """One configured provider. Its methods are pure: the same argument gives the same answer."""

    kind: ClassVar[str]
    options_type: ClassVar[type[Options]]

    def __init__(self, name: str, options: Any) -> None:
        """A provider of that name; `options` is of `options_type`."""

    @property
    def name(self) -> str:
        """Its name in the configuration."""

    @property
    def sends_receipts(self) -> bool:
        """True if it reports what became of a message."""

    @property
    def fixed_receipts(self) -> bool:
        """True if it reports to one URL per account, so that its reports are matched by the vendor's message id."""

    @property
    def sender(self) -> str | None:
        """The sender of messages that name none, if the configuration gives one."""

    def unfit(self, message: Message) -> str | None:
        """Why it can't carry this message as it is asked to, in words for people; None if it can."""

    def request(self, message: Message, now: float) -> httpx.Request:
        """The HTTP request that hands over the message, `now` in seconds since 1970; never a redirect to follow."""

    def outcome(self, response: httpx.Response) -> Outcome:
        """The vendor's answer in our words; never an exception, whatever the answer."""

    def receipts(self, callback: Callback) -> list[Receipt]:
        """What an authentic callback reports; nothing if it isn't a receipt."""

    def authentic(self, callback: Callback, now: float) -> bool:
        """True if the callback comes from the vendor; `now` in seconds since 1970."""

    def certificate_url(self, callback: Callback) -> str | None:
        """Where the certificate lies without which this callback can't be judged; None if it needs none."""

    def confirmation_url(self, callback: Callback) -> str | None:
        """What must be asked by GET before the vendor reports at all; only ever of an authentic callback."""

    def hint(self, raw: str | None) -> str | None:
        """What the vendor's own word means and what to do about it, for people; None if nothing is known."""


class Known(NamedTuple):
    """What a vendor's word means: for the message, for its reason, and for whoever must act on it."""

    verdict: Verdict
    reason: str
    hint: str = ""  # one sentence: what is wrong, then what to do


class Vendor:
    """What most vendors have in common; a class says what differs.

    `errors` maps the vendor's words to what they mean; a vendor that can carry India's ids says so in `carries_dlt`.
    """

    sends_receipts: bool = True
    fixed_receipts: bool = False
    sender: str | None = None
    carries_dlt: ClassVar[bool] = False
    signed_by: ClassVar[str] = ""  # how its reports prove themselves, for people; "": by the secret in their URL alone
    max_characters: ClassVar[int | None] = None
    errors: ClassVar[Mapping[str, Known]] = {}

    def unfit(self, message: Message) -> str | None:
        """A message whose ids or length the vendor would drop is refused, not shortened."""
        if message.dlt is not None and not self.carries_dlt:
            return "can't carry DLT ids, without which networks in India drop a message"
        if self.max_characters is not None and len(message.text) > self.max_characters:
            return f"takes at most {self.max_characters} characters"
        return None

    def certificate_url(self, callback: Callback) -> str | None:
        """None: most vendors sign with a secret that both sides have."""
        return None

    def confirmation_url(self, callback: Callback) -> str | None:
        """None: most vendors report to whatever URL they are given."""
        return None

    def hint(self, raw: str | None) -> str | None:
        """What is known of the vendor's own word."""
        known = self.errors.get(raw or "")
        return known.hint or None if known else None

    def refusal(self, response: httpx.Response, word: str | None) -> Outcome:
        """The outcome of an answer that says no: the vendor's word decides if it is known, else the HTTP status."""
        known = self.errors.get(word or "")
        if known is None:
            return outcome_of_status(response, raw=word)
        patience = retry_after(response.headers) if known.verdict is Verdict.TRY_LATER else None
        return Outcome(known.verdict, known.reason, raw=word, retry_after_s=patience)

    def reason(self, word: str | None) -> str:
        """Why a message ended badly, by the vendor's own word."""
        known = self.errors.get(word or "")
        return known.reason if known else "unknown"


class Silent(Vendor):
    """The callback side of a provider that reports nothing: no receipts, and no callback is authentic."""

    sends_receipts = False

    def receipts(self, callback: Callback) -> list[Receipt]:
        """No receipt."""
        return []

    def authentic(self, callback: Callback, now: float) -> bool:
        """Never."""
        return False


# What an HTTP status says where the vendor's own words say nothing.
STATUSES: Mapping[int, tuple[Verdict, str]] = {
    401: (Verdict.MISCONFIGURED, "bad_credentials"),
    402: (Verdict.MISCONFIGURED, "no_funds"),
    403: (Verdict.MISCONFIGURED, "bad_credentials"),
    404: (Verdict.MISCONFIGURED, "bad_response"),
    405: (Verdict.MISCONFIGURED, "bad_response"),
    429: (Verdict.TRY_LATER, "rate_limited"),
    503: (Verdict.TRY_LATER, "provider_error"),
    504: (Verdict.AMBIGUOUS, "timeout"),  # something behind it did not answer in time, and may have sent
}


def outcome_of_status(response: httpx.Response, raw: str | None = None) -> Outcome:
    """The outcome of an answer of which only the HTTP status is understood."""
    status = response.status_code
    fallback = (Verdict.TRY_ANOTHER, "provider_error" if status >= 500 else "bad_response")
    verdict, reason = STATUSES.get(status, fallback)
    retry_after_s = retry_after(response.headers) if verdict is Verdict.TRY_LATER else None
    return Outcome(verdict, reason, raw=raw or f"http {status}", retry_after_s=retry_after_s)


def unreadable(response: httpx.Response) -> Outcome:
    """The outcome of an answer that says yes by its status and nothing that can be read: it may have gone out."""
    return Outcome(Verdict.AMBIGUOUS, "bad_response", raw=f"http {response.status_code}")


def retry_after(headers: Mapping[str, str]) -> int | None:
    """The seconds of Retry-After, from 0 to a day; a date counts from the answer's own Date (RFC 9110, 10.2.3)."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return int(text) if len(text) < 6 else MAX_RETRY_AFTER_S
    then, sent = _date(text), _date(headers.get("date", ""))
    if then is None or sent is None:
        return None
    return min(max(0, round((then - sent).total_seconds())), MAX_RETRY_AFTER_S)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError):
        return None
    return found if found.tzinfo else None


def json_of(content: bytes) -> Any:
    """The JSON value in a body, or None."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def at(value: Any, path: str) -> Any:
    """What stands at a dotted path such as `messages.0.id` in a JSON value, or None."""
    for step in path.split("."):
        match value:
            case dict():
                value = value.get(step)
            case list() if step.isascii() and step.isdigit() and len(step) < 5 and int(step) < len(value):
                value = value[int(step)]
            case _:
                return None
    return value


def vendor_id(value: object) -> str | None:
    """A message id as the vendor gave it, if it is one: text or a whole number, of sane length."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value) if isinstance(value, str) or abs(value) < 10**MAX_ID else ""
    return text if 0 < len(text) <= MAX_ID and text.isprintable() else None


def vendor_word(value: object) -> str | None:
    """A vendor's code or one-word status; anything longer could be a text or a number of a person and is dropped."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value) if isinstance(value, str) or abs(value) < 10**6 else ""
    return text if WORD.match(text) else None
