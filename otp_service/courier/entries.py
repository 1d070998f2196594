"""Outbox entries: read, opened and made into the message that a provider gets."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from otp_service.domain import envelopes
from otp_service.domain.codes import ALPHABETS, code_of
from otp_service.domain.errors import Refusal
from otp_service.domain.ids import address_of, message_place
from otp_service.domain.keys import KeyRing, UnknownKid
from otp_service.domain.messages import Dlt, Message, MessageStatus
from otp_service.domain.routing import SOMEBODY
from otp_service.domain.templates.template import Wording, message_text, render
from otp_service.domain.text.size import measure
from otp_service.store.keys import cell_tag, message_keys, record_key
from otp_service.store.outbox import Claimed

FORMAT = "1"
ALWAYS = frozenset("vmikcderqp")
# What a retry adds: tries so far `n`, waits so far `b`, providers tried `t` (joined by commas; UNANSWERED follows the
# name of one that left the try unanswered, and stands alone for a courier that died). What watching adds: providers
# that accepted the code and did not report in time `w`, and what one of them reported, `x`, as status|reason.
AGAIN = frozenset("nbtwx")
UNANSWERED = "?"
BAD_ENDS: tuple[MessageStatus, ...] = ("undelivered", "failed", "expired")

Templates = Callable[[str], Wording]  # an application's own ones


class Unreadable(Exception):
    """An entry that no try will make readable; `reason` is why it becomes a dead letter."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Entry:
    """One message to be sent, as it stands in the outbox."""

    claimed: Claimed
    fields: Mapping[str, str]
    message: str
    verification: str
    record: str  # the record's key: of the verification, or of a message of its own
    cell: str  # the hash tag of its keys
    kid: str
    alphabet: str
    length: int
    deadline_ms: int
    queued_ms: int
    request_id: str
    tries: int
    back_offs: int
    unanswered: tuple[str, ...]  # who left a try unanswered, once for each time
    accepted_by: tuple[str, ...] = ()  # who accepted it before and did not report in time
    told: tuple[MessageStatus, str] | None = None  # the status and reason that one of them reported

    @property
    def subject(self) -> str:
        """The id that its record has: of the verification, or of the message itself."""
        return self.verification or self.message


def read_entry(claimed: Claimed, cell: int, cells: int) -> Entry:
    """The entry in its parts; Unreadable if this release can't know what they mean."""
    fields = _fields(claimed.fields)
    try:
        alphabet, _, length = fields["c"].partition(":")
        entry = Entry(
            claimed=claimed,
            fields=fields,
            message=fields["m"],
            verification=fields["i"],
            record=_record(fields["i"], fields["m"], cell, cells),
            cell=cell_tag(cell),
            kid=fields["k"],
            alphabet=alphabet,
            length=int(length or 0),
            deadline_ms=int(fields["d"]),
            queued_ms=int(fields["q"]),
            request_id=fields["r"],
            tries=int(fields.get("n", 0)),
            back_offs=int(fields.get("b", 0)),
            unanswered=(*_unanswered(fields.get("t", "")), *[SOMEBODY] * (claimed.deliveries - 1)),
            accepted_by=tuple(filter(None, fields.get("w", "").split(","))),
            told=_told(fields.get("x", "")),
        )
    except ValueError as error:
        raise Unreadable("bad_format") from error
    if entry.verification and (alphabet not in ALPHABETS or not 0 < entry.length < 100):
        raise Unreadable("bad_format")
    return entry


def message_of(fields: Sequence[bytes]) -> str:
    """The message id of an entry that can't be read otherwise, or ""."""
    named = dict(zip(fields[::2], fields[1::2], strict=False))
    text = named.get(b"m", b"").decode(errors="replace")
    return text if text.startswith("msg_") and text[4:].replace("-", "").replace("_", "").isalnum() else ""


def _fields(flat: Sequence[bytes]) -> dict[str, str]:
    try:
        text = [part.decode() for part in flat]
    except UnicodeDecodeError as error:
        raise Unreadable("bad_format") from error
    fields = dict(zip(text[::2], text[1::2], strict=True))
    if fields.get("v", FORMAT) != FORMAT:
        raise Unreadable("unknown_format")
    if not fields.keys() >= ALWAYS or not fields["m"]:
        raise Unreadable("bad_format")
    if not fields.keys() <= ALWAYS | AGAIN:
        raise Unreadable("unknown_fields")
    return fields


def _record(verification: str, message: str, cell: int, cells: int) -> str:
    """The record's key; one of another cell would make a call that Redis Cluster refuses as a whole."""
    if verification:
        record, where = record_key(address_of(verification), cells)
    else:
        place = message_place(message)
        if place is None:
            raise Unreadable("bad_format")
        own = message_keys(place, message, cells)
        record, where = own.record, own.cell
    if where != cell_tag(cell):
        raise Unreadable("bad_format")
    return record


def _told(said: str) -> tuple[MessageStatus, str] | None:
    status, _, reason = said.partition("|")
    return next(((end, reason) for end in BAD_ENDS if end == status), None)


def _unanswered(tried: str) -> list[str]:
    return [name.removesuffix(UNANSWERED) for name in tried.split(",") if name.endswith(UNANSWERED)]


def again(entry: Entry, tries: int, tried: Sequence[str], *, back_offs: int, accepted_by: str = "") -> str:
    """The JSON that brings this entry back: its fields, and what was tried so far."""
    fields = {**entry.fields, "n": str(tries), "b": str(back_offs)}
    died = [UNANSWERED] * (entry.claimed.deliveries - 1)  # it comes back as a new entry, delivered to nobody yet
    fields["t"] = ",".join([*filter(None, [entry.fields.get("t")]), *died, *tried])
    if accepted_by:
        fields["w"] = ",".join([*entry.accepted_by, accepted_by])
        fields.pop("x", None)  # said of the one before
    return json.dumps([entry.claimed.stream, *(part for pair in fields.items() for part in pair)])


def compose(entry: Entry, ring: KeyRing, templates: Templates, left_s: float) -> Message:
    """The message: envelope opened and, for a code, the template filled in; Unreadable if one of them can't be."""
    try:
        sealed = envelopes.read(ring.open(entry.fields["e"], entry.message))
        text = _code_text(entry, sealed, ring, templates) if entry.verification else sealed["text"]
        return _message(entry, sealed, text, left_s)
    except UnknownKid as error:
        raise Unreadable("unknown_kid") from error
    except Refusal as error:
        raise Unreadable("unrenderable") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable("unreadable_envelope") from error


def _code_text(entry: Entry, sealed: Mapping[str, Any], ring: KeyRing, templates: Templates) -> str:
    code = sealed["code"] or code_of(ring, entry.kid, entry.verification, entry.alphabet, entry.length)
    return _text(sealed, code, _minutes(entry) or sealed["minutes"], templates(sealed["application"]))


def _minutes(entry: Entry) -> int:
    """What was left of the code's life when the message was queued, in minutes begun; 0 if its times don't say.

    Not what is left now: whichever provider the message goes to, and however late, its text is the same.
    """
    return max(0, -((entry.queued_ms - entry.deadline_ms) // 60_000))


def _text(sealed: Mapping[str, Any], code: str, minutes: int, own: Wording) -> str:
    values = {
        **sealed["binding"],
        **sealed["variables"],
        "code": code,
        "minutes": str(minutes),
        "app": sealed["app_name"],
    }
    # By the version that was chosen at the start: what an admin has saved since may want values that nobody gave.
    body = render(own.as_chosen(sealed["template"], sealed["locale"], sealed["version"]), values)
    return message_text(body, code, sealed["webotp_host"], sealed["android_app_hash"])


def _message(entry: Entry, sealed: Mapping[str, Any], text: str, left_s: float) -> Message:
    size = measure(text)
    dlt = sealed.get("dlt")
    return Message(
        id=entry.message,
        to=sealed["to"],
        text=text,
        country=sealed["country"],
        sender=sealed["sender"],
        encoding=size.encoding,
        segments=size.segments,
        valid_for_s=max(1, int(left_s)),
        is_code=bool(entry.verification),
        test=sealed["test"],
        message_class=sealed.get("class", "code"),
        application=sealed["application"],
        purpose=sealed.get("purpose", ""),
        dlt=Dlt(**dlt) if dlt else None,
    )
