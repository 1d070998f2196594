"""The moments of a story: what happened to a code or a message, each in a sentence."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from otp_service.domain.times import rfc3339
from otp_service.ledger.finding import Step, Telling, Trail
from otp_service.ledger.reading import MessageRow, VerificationRow
from otp_service.ledger.tracking import AttemptRow, ReceiptRow
from otp_service.service.console.words import STATUSES, STEPS, TELLINGS, VERDICTS, Tone, because
from otp_service.service.core import Core
from otp_service.service.tracking import hint

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


def of_code(core: Core, row: VerificationRow, trail: Trail) -> tuple[Moment, ...]:
    """From the asking to the end, with the messages that carried it, in order."""
    moments = [_step(step, row) for step in trail.steps.get(row.id, ())]
    if row.status == "expired":
        text, tone = STEPS["expired"]
        moments.append(Moment(row.expires_at, text, tone))
    for message in row.messages:
        moments += _of_sending(core, message, trail)
    moments += map(_telling, trail.tellings.get(row.id, ()))
    return _in_order(moments)


def of_message(core: Core, message: MessageRow, trail: Trail) -> tuple[Moment, ...]:
    """What became of one message, in order."""
    return _in_order(_of_sending(core, message, trail))


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


def _said(notes: Iterable[str]) -> tuple[str, ...]:
    return tuple(note for note in notes if note)


def _in_order(moments: Iterable[Moment]) -> tuple[Moment, ...]:
    return tuple(sorted(moments, key=lambda each: each.at_ms))
