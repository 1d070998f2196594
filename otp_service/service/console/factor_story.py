"""What happened to a user's factors, day by day and in sentences; and who of a name has any."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from otp_service.ledger.factor_history import Happened
from otp_service.service.admin import users
from otp_service.service.admin.users import Listed
from otp_service.service.console.moments import Moment
from otp_service.service.console.words import Tone
from otp_service.service.core import Core

TYPES: Mapping[str, str] = {
    "totp": "authenticator app",
    "hotp": "token",
    "recovery_codes": "recovery codes",
    "webauthn": "passkey",
}
# What happened -> what it says, of which type and after how many wrong codes, and how it bodes.
EVENTS: Mapping[str, tuple[str, Tone]] = {
    "enrolled": ("Began to enrol: {type}", "plain"),
    "confirmed": ("Enrolled: {type}", "good"),
    "imported": ("Imported: {type}", "plain"),
    "checked": ("The right code was typed in: {type}", "good"),
    "failed": ("A wrong code was typed in", "warn"),
    "already_used": ("A code was typed in that had been used before: {type}", "warn"),
    "resynced": ("Found again by two codes in a row: {type}", "plain"),
    "locked": ("{failures} wrong codes in a row: each try has to wait", "bad"),
    "disabled": ("{failures} wrong codes in a row: disabled until an admin lifts it", "bad"),
    "lifted": ("The lock was lifted by {by}", "good"),
    "removed": ("Removed: {type}", "warn"),
    "trusted": ("A device is trusted from now on", "plain"),
    "revoked": ("The trust in devices was ended", "plain"),
}
RANKS = {event: place for place, event in enumerate(EVENTS)}  # of what happened in one and the same trip


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one day, UTC, in the order of time."""

    name: str
    moments: Sequence[Moment]


def days(history: Sequence[Happened]) -> list[Day]:
    """What happened, the newest day first."""
    in_order = sorted(history, key=lambda each: (each.at, RANKS.get(each.event, 0)))
    grouped = groupby(in_order, lambda each: datetime.fromtimestamp(each.at / 1000, UTC).date().isoformat())
    return [Day(name, [_moment(each) for each in those]) for name, those in grouped][::-1]


def called(core: Core, name: str) -> list[Listed]:
    """Whoever has factors under exactly this name, in every application, of live and of test keys."""
    pages = (
        users.page(core, id, 1, name=name, test=test) for id in core.snapshot().applications for test in (False, True)
    )
    return [each for page in pages for each in page.items]


def _moment(each: Happened) -> Moment:
    words, tone = EVENTS.get(each.event, (each.event.replace("_", " "), "plain"))
    told = {"type": "a factor", "failures": "Many", "by": "an admin", **each.data}
    told["type"] = TYPES.get(str(told["type"]), told["type"])
    return Moment(each.at, words.format(**told), tone, _notes(each))


def _notes(each: Happened) -> tuple[str, ...]:
    told = (each.data.get("reason"), each.data.get("device"), each.factor_id)
    return tuple(str(note) for note in told if note)
