"""Kannel, the open source gateway: `POST /cgi-bin/sendsms` on its smsbox, reported by a GET of `dlr-url`.

Sources: Kannel's own code, gw/smsbox.c (requests, answers and their statuses), gw/urltrans.c (what `%d`, `%F` and `%D`
in a `dlr-url` become), gw/dlr.h (kinds of report) and gw/smsc/smsc_smpp.c (`dlr_err`), release 1.4.5; tried against
Debian's kannel 1.4.5 with an SMPP centre behind it.
"""

import math
import re
from collections.abc import Mapping
from typing import Annotated, ClassVar
from urllib.parse import unquote_to_bytes

import httpx

from otp_service.domain.messages import Callback, Message, MessageStatus, Outcome, Receipt, Verdict
from otp_service.providers.answers import unreadable, vendor_id, vendor_word
from otp_service.providers.base import Known, Options, Vendor, matching
from otp_service.providers.forms import query_of
from otp_service.providers.option_types import Secret

ALL_REPORTS = 31  # 1 delivered, 2 not delivered, 4 waiting at the centre, 8 taken by the centre, 16 refused by it
CODING = {"gsm7": "0", "ucs2": "2"}
MAX_VALIDITY_MIN = 7 * 24 * 60
NETWORK_ERROR_OCTETS = 3

# How an answer's text begins -> our word for it.
ANSWERS: Mapping[str, str] = {
    "0: Accepted": "accepted",
    "3: Queued": "queued",
    "Sent.": "sent",
    "Not routable": "not_routable",
    "Authorization failed": "authorization_failed",
    "Temporal failure": "temporal_failure",
    "Sending failed": "sending_failed",
    "Missing receiver": "missing_receiver",
    "Empty receiver": "missing_receiver",
    "Number(s) has/have been denied": "denied_number",
    "Sender missing": "sender_missing",
    "Charset or body": "charset",
    "DLR-URL field": "dlr_url",
}
TAKEN = frozenset({"accepted", "queued", "sent"})

# `%d` of a report -> what it means. What waits at the centre or was taken by it is still on its way.
REPORTS: Mapping[str, tuple[MessageStatus, str | None]] = {
    "1": ("delivered", None),
    "2": ("undelivered", "unknown"),
    "4": ("accepted", None),
    "8": ("sent", None),
    "16": ("failed", "provider_error"),
}
# The `network_error_code` of SMPP 5.0 section 4.8.4.42: a kind of network, then the error in two octets.
NETWORK_ERROR = re.compile(r"[?&]dlr_err=([^&]{1,9})(?:&|$)")

Url = Annotated[str, matching(r"https?://[^/?#@\s]+(/[^?#\s]*)?", "an http or https URL without credentials or query")]
Sender = Annotated[str, matching(r"[ -~]{1,20}", "1 to 20 characters of ASCII")]
Header = Annotated[str, matching(r"[!-~]{1,64}", "visible ASCII without spaces, at most 64 characters")]


class KannelOptions(Options):
    """An smsbox and a `sendsms-user` of it."""

    url: Url = "http://127.0.0.1:13013/cgi-bin/sendsms"
    username: Header
    password: Secret
    sender: Sender | None = None
    smsc: Header | None = None  # the connection to use, where the user isn't bound to one
    account: Header | None = None  # shows in Kannel's access log, for whoever is billed


class Kannel(Vendor):
    """Sends by an smsbox; the text and the number travel in the body and in headers, never in the URL."""

    kind: ClassVar[str] = "kannel"
    options_type: ClassVar[type[Options]] = KannelOptions
    errors: ClassVar[Mapping[str, Known]] = {
        "not_routable": Known(
            Verdict.TRY_ANOTHER,
            "country_not_enabled",
            "no connection of Kannel takes this number; look at allowed-prefix and denied-prefix of its smsc groups",
        ),
        "authorization_failed": Known(
            Verdict.MISCONFIGURED,
            "bad_credentials",
            "Kannel knows no such sendsms-user or not from this address; check username, password and user-allow-ip",
        ),
        "temporal_failure": Known(
            Verdict.TRY_LATER, "provider_error", "Kannel's bearerbox is full or away; see its status page"
        ),
        "sending_failed": Known(
            Verdict.TRY_ANOTHER, "provider_error", "Kannel could not hand the message to its bearerbox; see its log"
        ),
        "missing_receiver": Known(Verdict.REJECTED, "invalid_number", "Kannel takes this for no number"),
        "denied_number": Known(
            Verdict.TRY_ANOTHER, "blocked", "Kannel's white-list or black-list holds this number back; change them"
        ),
        "sender_missing": Known(
            Verdict.MISCONFIGURED, "invalid_sender", "no sender was given; set one here or as Kannel's default-sender"
        ),
        "charset": Known(Verdict.TRY_ANOTHER, "bad_response", "Kannel could not convert the text to its alphabet"),
        "dlr_url": Known(
            Verdict.MISCONFIGURED, "provider_error", "Kannel can't call our address; begin OTP_PUBLIC_URL with http"
        ),
    }

    def __init__(self, name: str, options: KannelOptions) -> None:
        self.name = name
        self.sender = options.sender
        self._url = httpx.URL(options.url)
        self._fixed = _fixed(options)

    def unfit(self, message: Message) -> str | None:
        """What Kannel would drop without a word; whether it splits a long text, its own configuration says."""
        sender = message.sender or self.sender or ""
        if not sender.isascii() or not sender.isprintable():
            return "takes senders of printable ASCII only"
        return super().unfit(message)

    def request(self, message: Message, now: float) -> httpx.Request:
        """A POST of the plain text, all else in headers; validity counts in whole minutes, begun ones left out."""
        headers = {
            **self._fixed,
            "X-Kannel-To": message.to,
            "X-Kannel-Coding": CODING[message.encoding],
            "X-Kannel-Validity": str(min(max(1, math.floor(message.valid_for_s / 60)), MAX_VALIDITY_MIN)),
        }
        if sender := message.sender or self.sender:
            headers["X-Kannel-From"] = sender
        if message.receipts_url:
            headers["X-Kannel-DLR-Mask"] = str(ALL_REPORTS)
            headers["X-Kannel-DLR-URL"] = _reports_to(message.receipts_url)
        return httpx.Request("POST", self._url, content=message.text.encode(), headers=headers)

    def outcome(self, response: httpx.Response) -> Outcome:
        """202 is taken, now or queued; else the first words of the answer decide, and failing those the HTTP status."""
        word = _word(response.content)
        if response.status_code == 202:
            return (
                Outcome(Verdict.ACCEPTED, raw=None if word == "accepted" else word)
                if word in TAKEN
                else unreadable(response)
            )
        return self.refusal(response, word if word in self.errors else None)

    def receipts(self, callback: Callback) -> list[Receipt]:
        """The one report of a call; the URL says of which message. Kannel asks for one on a text's first part only."""
        told = dict(query_of(callback, "latin-1") or ())  # `meta` may hold any octet
        kind = told.get("type", "")
        if kind not in REPORTS:
            return [Receipt("", "accepted", "unknown", vendor_word(kind))] if kind else []
        status, reason = REPORTS[kind]
        error = _network_error(told.get("meta", "")) if reason else None
        return [Receipt(vendor_id(told.get("id")) or "", status, reason, error or f"dlr.{kind}")]

    def authentic(self, callback: Callback, now: float) -> bool:
        """Always: Kannel signs nothing, so the token in the URL alone speaks for a report, which approves nothing."""
        return True


def _fixed(options: KannelOptions) -> dict[str, str]:
    given = {
        "Content-Type": "text/plain; charset=UTF-8",
        "X-Kannel-Username": options.username,
        "X-Kannel-Password": options.password.get_secret_value(),
        "X-Kannel-SMSC": options.smsc,
        "X-Kannel-Account": options.account,
    }
    return {name: value for name, value in given.items() if value}


def _reports_to(url: str) -> str:
    """The URL with the escapes that Kannel fills in; not `%A`, the centre's words, which begin with the text sent."""
    return url.replace("%", "%%") + "?type=%d&id=%F&meta=%D"


def _network_error(meta: str) -> str | None:
    found = NETWORK_ERROR.search(meta)
    octets = unquote_to_bytes(found[1]) if found else b""
    return f"err.{int.from_bytes(octets[1:]):03d}" if len(octets) == NETWORK_ERROR_OCTETS else None


def _word(content: bytes) -> str | None:
    text = content[:100].decode("utf-8", "replace").strip()
    return next((word for start, word in ANSWERS.items() if text.startswith(start)), None)
