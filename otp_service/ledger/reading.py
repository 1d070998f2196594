"""What the ledger tells of verifications: one by id, or pages of them, newest first."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, case, select

from otp_service.ledger.paging import Page, page_rows
from otp_service.ledger.schema import messages, people, verifications

By = Literal["id", "number", "ip", "user"]
_PLACE = (verifications.c.created_at, verifications.c.id)


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a verification went to, as far as it is still kept; `to_sealed` is bound to `number_index`."""

    person_id: str
    number_index: str | None
    to_sealed: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message of a verification; times in milliseconds."""

    id: str
    channel: str | None
    status: str
    reason: str | None
    provider: str | None
    segments: int | None
    price_micros: int | None
    queued_at: int
    accepted_at: int | None
    sent_at: int | None
    ended_at: int | None


@dataclass(frozen=True, slots=True)
class VerificationRow:
    """One verification; times in milliseconds."""

    id: str
    application_id: str
    person: Person | None
    test: bool
    purpose: str
    channel: str
    locale: str | None
    status: str
    reason: str | None
    sends: int
    used: int
    max_attempts: int
    metadata: Mapping[str, Any] | None
    created_at: int
    expires_at: int
    ended_at: int | None
    messages: Sequence[MessageRow] = ()


def verification(connection: Connection, application_id: str, id: str) -> VerificationRow | None:
    """One verification of this application with its messages; what is still pending here reads `expired`.

    The ledger is asked when the store no longer knows the verification, and then no code can be right any more.
    """
    found = _verifications(application_id, verifications.c.id == id, now_ms=None)
    row = connection.execute(found).mappings().one_or_none()
    return None if row is None else _verification(row, messages_of(connection, [id]).get(id, ()))


def page(
    connection: Connection,
    application_id: str,
    now_ms: int,
    *,
    test: bool | None = None,
    number_index: str | None = None,
    status: str | None = None,
    from_ms: int | None = None,
    to_ms: int | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[VerificationRow]:
    """Verifications created in [from_ms, to_ms), newest first."""
    wanted: list[ColumnElement[bool] | None] = [
        None if test is None else verifications.c.test == test,
        None if number_index is None else and_(people.c.number_index == number_index, verifications.c.number_kept),
        None if status is None else _status(now_ms) == status,
        None if from_ms is None else verifications.c.created_at >= from_ms,
        None if to_ms is None else verifications.c.created_at < to_ms,
    ]
    found = _verifications(application_id, *(each for each in wanted if each is not None), now_ms=now_ms)
    rows, following = page_rows(connection, found, _PLACE, limit, cursor, newest_first=True)
    theirs = messages_of(connection, [row["id"] for row in rows])
    return Page([_verification(row, theirs.get(row["id"], ())) for row in rows], following)


def found_by(
    connection: Connection, by: By, values: Collection[str], now_ms: int, limit: int, cursor: str | None = None
) -> Page[VerificationRow]:
    """Verifications of every application that have one of these ids, or of these indices of whom they are of."""
    wanted: dict[By, ColumnElement[bool]] = {
        "id": verifications.c.id.in_(values),
        "number": and_(people.c.number_index.in_(values), verifications.c.number_kept),
        "ip": verifications.c.ip_index.in_(values),
        "user": verifications.c.user_index.in_(values),
    }
    found = _verifications(None, wanted[by], now_ms=now_ms)
    rows, following = page_rows(connection, found, _PLACE, limit, cursor, newest_first=True)
    theirs = messages_of(connection, [row["id"] for row in rows])
    return Page([_verification(row, theirs.get(row["id"], ())) for row in rows], following)


def messages_of(connection: Connection, ids: Sequence[str]) -> dict[str, list[MessageRow]]:
    """The messages of some verifications, oldest first."""
    columns = [messages.c[name] for name in MessageRow.__slots__]
    found = select(messages.c.verification_id, *columns).where(messages.c.verification_id.in_(ids))
    theirs: dict[str, list[MessageRow]] = {}
    for row in connection.execute(found.order_by(messages.c.queued_at, messages.c.id)):
        theirs.setdefault(row[0], []).append(MessageRow(*row[1:]))
    return theirs


def _verifications(application_id: str | None, *wanted: ColumnElement[bool], now_ms: int | None) -> Select[Any]:
    # Rows whose `started` fact has not come yet belong to nobody, and so are in no list.
    owned = verifications.c.application_id
    return (
        select(
            *(column for column in verifications.c if column.name != "status"),
            _status(now_ms).label("status"),
            *(_kept(people.c[name]).label(name) for name in ("number_index", "to_sealed")),
            people.c.country,
        )
        .outerjoin(people, people.c.person_id == verifications.c.person_id)
        .where(owned.is_not(None) if application_id is None else owned == application_id, *wanted)
    )


def _status(now_ms: int | None) -> ColumnElement[str]:
    """The status as of `now_ms`; None: whatever is pending has expired."""
    pending = verifications.c.status == "pending"
    over = pending if now_ms is None else and_(pending, verifications.c.expires_at <= now_ms)
    return case((over, "expired"), else_=verifications.c.status)


def _kept(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((verifications.c.number_kept, column), else_=None)


def _verification(row: RowMapping, theirs: Sequence[MessageRow]) -> VerificationRow:
    person_id = row["person_id"]
    person = Person(person_id, row["number_index"], row["to_sealed"], row["country"]) if person_id else None
    own = {name: row[name] for name in VerificationRow.__slots__ if name not in ("person", "messages")}
    return VerificationRow(**own, person=person, messages=theirs)
