"""Everything that happened to a number, an address, a user or one code, told in order and in sentences."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from otp_service.domain.phone import mask
from otp_service.ledger import finding, reading
from otp_service.ledger.finding import Own, Trail
from otp_service.ledger.paging import Page
from otp_service.ledger.reading import MessageRow, VerificationRow
from otp_service.service.admin.opening import looking, stored
from otp_service.service.console import moments
from otp_service.service.console.moments import Moment
from otp_service.service.console.searching import Sought, indices, token
from otp_service.service.console.words import Tone, tone_of
from otp_service.service.core import Core, now_ms
from otp_service.service.destination import number_index
from otp_service.service.sealed import number_in_ledger

A_PAGE = 20
MOST_MESSAGES = 20
OUTCOMES = (
    ("approved", "verified"),
    ("pending", "still open"),
    ("expired", "never typed in"),
    ("failed", "guessed wrong too often"),
    ("canceled", "called off"),
)


@dataclass(frozen=True, slots=True)
class Exemption:
    """What an allow could name to let such a start pass."""

    kind: str
    value: str = field(default="", repr=False)  # where what is looked for says it
    is_asked: bool = False  # whether somebody has to say the value: the log keeps an index of it alone


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
    exemptions: tuple[Exemption, ...] = ()


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
    notes = (_counted(row.sends, "send"), f"{row.used} of {row.max_attempts} guesses used")
    return Chapter(
        kind="code",
        id=row.id,
        application_id=row.application_id,
        at_ms=row.created_at,
        title=f"Code for {row.purpose.replace('_', ' ')} by {row.channel.upper()}",
        status=row.status,
        tone=tone_of(row.status),
        moments=moments.of_code(core, row, trail),
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
        moments=moments.of_message(core, MessageRow(*told), trail),
        notes=("sent with a test key",) if row.test else (),
        person=row.person,
        **whom(core, row.person.to_sealed, row.person.number_index) if row.person else {},
    )


def whom(core: Core, to_sealed: str | None, number_index: str | None) -> dict[str, Any]:
    """A number as a chapter names it: masked, and by its token; nothing once it is no longer kept."""
    number = number_in_ledger(core, to_sealed, number_index)
    return {"to": mask(number), "number": token(core, Sought("number", number))} if number else {}


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


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
