"""Everything that happened to a number, an address, a user or one code, told in order and in sentences."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection

from otp_service.domain.phone import mask
from otp_service.domain.times import rfc3339
from otp_service.ledger import finding, reading
from otp_service.ledger.finding import Own, Step, Telling, Trail
from otp_service.ledger.paging import Page
from otp_service.ledger.reading import MessageRow, VerificationRow
from otp_service.ledger.tracking import AttemptRow, ReceiptRow
from otp_service.service.admin.opening import looking, stored
from otp_service.service.console.searching import Sought, indices, token
from otp_service.service.console.words import STATUSES, STEPS, TELLINGS, VERDICTS, Tone, because, tone_of
from otp_service.service.core import Core, now_ms
from otp_service.service.destination import number_index
from otp_service.service.sealed import number_in_ledger
from otp_service.service.tracking import hint

A_PAGE = 20
MOST_MESSAGES = 20
OUTCOMES = (
    ("approved", "verified"),
    ("pending", "still open"),
    ("expired", "never typed in"),
    ("failed", "guessed wrong too often"),
    ("canceled", "called off"),
)
ENDED = frozenset({"failed", "expired", "canceled"})  # ends of a message that no provider reports


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened, in a sentence, with what there is to know beside it."""

    at_ms: int
    text: str
    tone: Tone = "plain"
    notes: tuple[str, ...] = ()

    @property
    def clock(self) -> str:
        """The time of its day, UTC."""
        return rfc3339(self.at_ms)[11:19]


@dataclass(frozen=True, slots=True)
class Chapter:
    """One code, message or refusal, from its beginning to its end."""

    kind: str  # code | message | refusal
    id: str
    application_id: str
    at_ms: int
    title: str
    status: str
    tone: Tone
    moments: tuple[Moment, ...]
    notes: tuple[str, ...] = ()
    person: reading.Person | None = field(default=None, repr=False)
    to: str | None = None  # the number, masked
    number: str = field(default="", repr=False)  # the token under which it is found
    exemptions: tuple[str, ...] = ()  # what an allow could name to let such a start pass


@dataclass(frozen=True, slots=True)
class Story:
    """Some of what happened, the newest first, and where the earlier begins."""

    chapters: tuple[Chapter, ...]
    next_cursor: str | None = None


def tell(core: Core, sought: Sought, cursor: str | None = None) -> Story:
    """What the ledger knows of what is sought; Refusal unavailable while SQL is down."""
    with looking(core) as connection:
        page = _codes(core, connection, sought, cursor)
        own = _messages(core, connection, sought) if cursor is None else []
        message_ids = [message.id for row in page.items for message in row.messages] + [each.row.id for each in own]
        trail = finding.trail(connection, [row.id for row in page.items], message_ids)
    codes = [_of_code(core, row, trail) for row in page.items]
    others = [_of_message(core, each, trail) for each in own]
    return Story(tuple(sorted((*codes, *others), key=lambda each: -each.at_ms)), page.next_cursor)


def _codes(core: Core, connection: Connection, sought: Sought, cursor: str | None) -> Page[VerificationRow]:
    found: list[tuple[reading.By, list[str]]] = []
    match sought.kind:
        case "number":
            found = [("number", [number_index(core, sought.value)])]
        case "verification":
            found = [("id", [stored(sought.value)])]
        case "message":
            found = [("id", [finding.verification_of(connection, stored(sought.value)) or ""])]
        case "ip":
            found = [("ip", indices(core, "ip", sought.value))]
        case "name":
            found = [("user", indices(core, "user", sought.value)), ("id", _requested(connection, sought.value))]
    pages = (reading.found_by(connection, by, values, now_ms(), A_PAGE, cursor) for by, values in found)
    return next((page for page in pages if page.items), Page((), None))


def _requested(connection: Connection, request_id: str) -> list[str]:
    return finding.by_request(connection, stored(request_id))


def _messages(core: Core, connection: Connection, sought: Sought) -> list[Own]:
    """Messages that carried no code; those are found by their number and id."""
    if sought.kind == "number":
        return finding.own_messages(connection, number_index(core, sought.value), MOST_MESSAGES)
    return finding.own_message(connection, stored(sought.value)) if sought.kind == "message" else []


def _of_code(core: Core, row: VerificationRow, trail: Trail) -> Chapter:
    moments = [_step(step, row) for step in trail.steps.get(row.id, ())]
    if row.status == "expired":
        text, tone = STEPS["expired"]
        moments.append(Moment(row.expires_at, text, tone))
    for message in row.messages:
        moments += _of_sending(core, message, trail)
    moments += map(_telling, trail.tellings.get(row.id, ()))
    notes = (_counted(row.sends, "send"), f"{row.used} of {row.max_attempts} guesses used")
    return Chapter(
        kind="code",
        id=row.id,
        application_id=row.application_id,
        at_ms=row.created_at,
        title=f"Code for {row.purpose.replace('_', ' ')} by {row.channel.upper()}",
        status=row.status,
        tone=tone_of(row.status),
        moments=_in_order(moments),
        notes=(*notes, "asked for with a test key") if row.test else notes,
        person=row.person,
        **whom(core, row.person.to_sealed, row.person.number_index) if row.person else {},
    )


def _of_message(core: Core, own: Own, trail: Trail) -> Chapter:
    row = own.row
    told = (getattr(row, name) for name in MessageRow.__slots__)
    return Chapter(
        kind="message",
        id=row.id,
        application_id=own.application_id,
        at_ms=row.queued_at,
        title=f"{(row.message_class or 'code').capitalize()} message by {(row.channel or 'sms').upper()}",
        status=row.status,
        tone=tone_of(row.status),
        moments=_in_order(_of_sending(core, MessageRow(*told), trail)),
        notes=("sent with a test key",) if row.test else (),
        person=row.person,
        **whom(core, row.person.to_sealed, row.person.number_index) if row.person else {},
    )


def _of_sending(core: Core, message: MessageRow, trail: Trail) -> Iterator[Moment]:
    """What became of one message: its tries, reports and tellings."""
    reports = trail.receipts.get(message.id, ())
    notes = (message.id,) + ((f"{message.segments} segments",) if (message.segments or 1) > 1 else ())
    yield Moment(message.queued_at, STATUSES["queued"][0], "plain", notes)
    yield from (_attempt(core, each) for each in trail.attempts.get(message.id, ()))
    yield from (_report(core, each) for each in reports)
    yield from map(_telling, trail.tellings.get(message.id, ()))
    if message.status in ENDED and message.ended_at and message.status not in {each.status for each in reports}:
        yield Moment(message.ended_at, f"The message {message.status}{because(message.reason)}", "bad")


def whom(core: Core, to_sealed: str | None, number_index: str | None) -> dict[str, Any]:
    """A number as a chapter names it: masked, and by its token; nothing once it is no longer kept."""
    number = number_in_ledger(core, to_sealed, number_index)
    return {"to": mask(number), "number": token(core, Sought("number", number))} if number else {}


def _step(step: Step, row: VerificationRow) -> Moment:
    text, tone = STEPS.get(step.event, (step.event, "plain"))
    if step.event == "guessed":
        text = f"{text}: {step.data.get('used', '?')} of {row.max_attempts} guesses were used"
    request = step.data.get("request")
    return Moment(step.at, text, tone, (f"request {request}",) if request else ())


def _attempt(core: Core, found: AttemptRow) -> Moment:
    text, tone = VERDICTS.get(found.verdict, ("{provider}: " + found.verdict, "plain"))
    notes = [
        f"try {found.n}",
        f"as {found.sender}" if found.sender else "",
        f"answered in {found.took_ms} ms" if found.took_ms is not None else "",
        found.provider_message_id or "",
        _own_word(core, found.provider, found.raw),
    ]
    return Moment(found.at, text.format(provider=found.provider) + because(found.reason), tone, _said(notes))


def _report(core: Core, found: ReceiptRow) -> Moment:
    text, tone = STATUSES.get(found.status, ("{provider} reports: " + found.status, "plain"))
    notes = (f"segment {found.part}" if found.part else "", _own_word(core, found.provider, found.raw))
    return Moment(found.at, text.format(provider=found.provider) + because(found.reason), tone, _said(notes))


def _own_word(core: Core, provider: str, raw: str | None) -> str:
    """A provider's own word, and what it means."""
    meant = hint(core, provider, raw) if raw else None
    return f"{raw}: {meant}" if meant else raw or ""


def _telling(found: Telling) -> Moment:
    text, tone = TELLINGS.get(found.status, ("{host} and {type}: " + found.status, "plain"))
    host = urlsplit(found.url).hostname or "a webhook"
    notes = (f"{found.tries} tries" if found.tries > 1 else "", f"answered {found.answer}" if found.answer else "")
    return Moment(found.at, text.format(host=host, type=found.type), tone, _said(notes))


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _said(notes: Iterable[str]) -> tuple[str, ...]:
    return tuple(note for note in notes if note)


def _in_order(moments: Iterable[Moment]) -> tuple[Moment, ...]:
    return tuple(sorted(moments, key=lambda each: each.at_ms))


def named(core: Core, story: Story) -> Story:
    """The same with the applications' names in the place of their ids."""
    known = core.snapshot().applications
    names = {id_: found.name for id_, found in known.items()}
    told = (
        replace(each, application_id=names.get(each.application_id, each.application_id)) for each in story.chapters
    )
    return replace(story, chapters=tuple(told))


def people_of(story: Story) -> Sequence[reading.Person]:
    """Whom the story is about, each once."""
    found = {each.person.person_id: each.person for each in story.chapters if each.person}
    return list(found.values())


def in_short(story: Story) -> str:
    """The story in one sentence."""
    codes = Counter(each.status for each in story.chapters if each.kind == "code")
    others = Counter(each.kind for each in story.chapters)
    parts = [_counted(codes.total(), "code") if codes else ""]
    parts += [f"{codes[status]} {words}" for status, words in OUTCOMES if codes[status]]
    parts += [_counted(others["message"], "other message") if others["message"] else ""]
    parts += [_counted(others["refusal"], "refusal") + " within a day" if others["refusal"] else ""]
    return ", ".join(part for part in parts if part)
