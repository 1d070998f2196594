"""What a provider is: a pure translation between our messages and a vendor's HTTP, with nothing of it sent here."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Protocol

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict

from otp_service.domain.messages import (
    FAILED_STATUSES,
    REASONS,
    Callback,
    Message,
    MessageStatus,
    Outcome,
    Receipt,
    Verdict,
)
from otp_service.providers.answers import outcome_of_status, retry_after, vendor_word


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


FORBIDDEN = 403


class Known(NamedTuple):
    """What a vendor's word means: for the message, for its reason, and for whoever must act on it."""

    verdict: Verdict
    reason: str
    hint: str = ""  # one sentence: what is wrong, then what to do


class Vendor:
    """What most vendors have in common; a class says what differs.

    `errors` maps the vendor's words to what they mean, and `statuses` those of its reports to ours; a vendor that can
    carry India's ids says so in `carries_dlt`.
    """

    sends_receipts: bool = True
    fixed_receipts: bool = False
    sender: str | None = None
    carries_dlt: ClassVar[bool] = False
    signed_by: ClassVar[str] = ""  # how its reports prove themselves, for people; "": by the secret in their URL alone
    max_characters: ClassVar[int | None] = None
    errors: ClassVar[Mapping[str, Known]] = {}
    statuses: Mapping[str, MessageStatus] = {}

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
        if known is None and word and (response.is_success or response.status_code == FORBIDDEN):
            # A 403 with a reason of its own need not speak of the account, which would shut the whole provider.
            return Outcome(Verdict.TRY_ANOTHER, "unknown", raw=word)
        if known is None:
            return outcome_of_status(response, raw=word)
        patience = retry_after(response.headers) if known.verdict is Verdict.TRY_LATER else None
        return Outcome(known.verdict, known.reason, raw=word, retry_after_s=patience)

    def receipt(
        self, provider_message_id: str, said: str, code: str | None = None, part: str = "", parts: int | None = None
    ) -> Receipt:
        """The receipt of a status in the vendor's word; `code` is its word for why, where a message ends badly.

        A status that we don't know moves nothing and is kept as it was said.
        """
        status = self.statuses.get(said)
        if status is None:
            return Receipt(provider_message_id, "accepted", "unknown", vendor_word(said), part, parts)
        if status not in FAILED_STATUSES:
            return Receipt(provider_message_id, status, None, vendor_word(said), part, parts)
        known = self.errors.get(code or "")
        own = status if status in REASONS else "unknown"  # expired and canceled say why by themselves
        return Receipt(
            provider_message_id, status, known.reason if known else own, code or vendor_word(said), part, parts
        )


class Silent(Vendor):
    """The callback side of a provider that reports nothing: no receipts, and no callback is authentic."""

    sends_receipts = False

    def receipts(self, callback: Callback) -> list[Receipt]:
        """No receipt."""
        return []

    def authentic(self, callback: Callback, now: float) -> bool:
        """Never."""
        return False
