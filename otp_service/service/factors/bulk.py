"""Bulk enrolment: a secret for each of many users, and what is handed out to them."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from otp_service.domain.errors import Refusal
from otp_service.domain.factors.codes import ALGORITHMS
from otp_service.domain.factors.files import values
from otp_service.domain.factors.files.csv import Table
from otp_service.domain.factors.files.otpauth import uri
from otp_service.domain.factors.files.rows import BadFile, BadValue, Entry, Type
from otp_service.ledger import audit, factor_batches
from otp_service.ledger.factors import Factor
from otp_service.service.admin.opening import changing, looking, owner
from otp_service.service.core import Core, random_bytes
from otp_service.service.factors.batches import New, index_of, made, parts
from otp_service.service.factors.enrolling import MOST_FACTORS
from otp_service.service.factors.importing import unreadable

MOST_USERS = 10_000  # of one file: its factors are made in one transaction
AT_ONCE = 500
DAY_MS = 86_400_000
TYPE: Type = "totp"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to enrol, and what their app shows."""

    user: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class How:
    """How new factors are made: active ones count at once, the others once their user has typed a code in time."""

    issuer: str | None = None  # None: the application's name
    algorithm: str = "SHA1"
    digits: int = 6
    period_s: int = 30
    active: bool = False
    confirm_within_days: int = 14
    again: bool = False  # also for users who have an app, if there is room for another


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one person is handed out."""

    user: str
    label: str
    issuer: str
    factor: str
    secret: str = field(repr=False)  # base32
    uri: str = field(repr=False)
    shape: tuple[str, int, int]  # hash, digits, seconds: whoever types the key has to set them
    confirm_by_ms: int | None  # None: it counts at once


@dataclass(frozen=True, slots=True)
class Planned:
    """New factors that nobody knows yet, their sheets, and how many users were passed over, with an app or ten."""

    application_id: str
    new: Sequence[New]
    sheets: Sequence[Sheet]
    passed_over: int


def people(lines: Iterable[bytes], column: str = "user") -> list[Person]:
    """The users of a table, by its column; each once. Refusal invalid_field tells the line that is wrong."""
    try:
        return _people(lines, column.strip().lower())
    except BadFile as bad:
        raise unreadable(bad) from None


def plan(core: Core, application: str, some: Sequence[Person], how: How) -> Planned:
    """A factor for everybody who has no authenticator app yet; nothing is written."""
    at_ms = core.clock()
    expires_ms = None if how.active else at_ms + how.confirm_within_days * DAY_MS
    with looking(core) as connection:
        of = owner(connection, application)
        named = [(index_of(core, of.id, person.user), person) for person in some]
        busy = _busy(connection, [index for index, _ in named], at_ms, again=how.again)
    wanted = [(index, person) for index, person in named if index not in busy]
    new, sheets = [], []
    for index, person in wanted:
        entry = _entry(person, how, how.issuer or of.name)
        new.append(made(core, of.id, index, entry, at_ms, expires_ms, fresh=True))
        sheets.append(_sheet(entry, new[-1].factor, how))
    return Planned(of.id, new, sheets, len(some) - len(wanted))


def enrol(core: Core, actor: str, planned: Planned, *, again: bool = False) -> None:
    """Makes what was planned, all of it or nothing; Refusal conflict if somebody has got an app meanwhile."""
    with changing(core, actor) as change:
        at_ms = core.clock()
        indexes = [each.user.user_index for each in planned.new]
        if _busy(change.connection, indexes, at_ms, again=again):
            raise Refusal("conflict", "somebody of these was enrolled meanwhile: nothing was changed, begin again")
        for some in parts(planned.new, AT_ONCE):
            factor_batches.introduce(change.connection, {each.user.user_index: each.user for each in some}.values())
            factor_batches.add(change.connection, [each.factor for each in some], "enrolled", at_ms)
        if planned.new:
            told = {"factors": len(planned.new), "active": planned.new[0].factor.status == "active"}
            audit.record(change, "factors.enrol", application_id=planned.application_id, after=told)


def _people(lines: Iterable[bytes], column: str) -> list[Person]:
    table, found = Table(lines), dict[str, Person]()
    if table.names.count(column) != 1:
        raise BadFile("the first line must name the column of the users, once", 1)
    place = table.names.index(column)
    label = table.names.index("label") if "label" in table.names else None
    for number, cells in table:
        person = _person(number, *(cells[at] if at is not None and at < len(cells) else "" for at in (place, label)))
        found.setdefault(person.user, person)
        if len(found) > MOST_USERS:
            raise BadFile(f"a file may have at most {MOST_USERS} users: enrol them in parts", number)
    return list(found.values())


def _person(line: int, user: str, label: str) -> Person:
    try:
        return Person(values.named("the user", user), values.maybe("label", label))
    except BadValue as error:
        raise BadFile(str(error), line) from None


def _busy(connection: Connection, indexes: Sequence[str], at_ms: int, *, again: bool) -> set[str]:
    """Those of these users who have an authenticator app, or are about to; `again`, those who have no room for one."""
    busy: set[str] = set()
    for some in parts(indexes, AT_ONCE):
        has = factor_batches.of_users(connection, some, at_ms)
        busy |= {
            index
            for index, theirs in has.items()
            if len(theirs) >= MOST_FACTORS or (not again and any(each.type == TYPE for each in theirs))
        }
    return busy


def _entry(person: Person, how: How, issuer: str) -> Entry:
    secret = random_bytes(ALGORITHMS[how.algorithm][1])
    shown = person.label, issuer
    return Entry(person.user, TYPE, secret, how.algorithm, how.digits, how.period_s, 0, *shown)


def _sheet(entry: Entry, factor: Factor, how: How) -> Sheet:
    label, issuer = entry.label or entry.user, entry.issuer or ""
    secret = base64.b32encode(entry.secret).decode().rstrip("=")
    shape = how.algorithm, how.digits, how.period_s
    said = entry.user, label, issuer, factor.id, secret, uri(replace(entry, user=label))
    return Sheet(*said, shape, factor.expires_at)
