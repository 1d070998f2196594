"""Lists of messages of their own, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, and_, case, select, tuple_

from otp_service.domain.keys import b64
from otp_service.ledger.reading import read_cursor
from otp_service.ledger.schema import messages, people, verifications
from otp_service.ledger.tracking import TrackedRow, columns, tracked_row

_POSITION = (messages.c.queued_at, messages.c.id)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a list, without tries and reports, and where the next page begins."""

    items: Sequence[TrackedRow]
    next_cursor: str | None


def page(
    connection: Connection,
    application_id: str,
    now_ms: int,
    *,
    test: bool,
    number_index: str | None = None,
    reference: str | None = None,
    status: str | None = None,
    from_ms: int | None = None,
    to_ms: int | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page:
    """Messages that are no codes, told of in [from_ms, to_ms), newest first; Refusal for a cursor that is none."""
    wanted: list[ColumnElement[bool] | None] = [
        None if number_index is None else and_(people.c.number_index == number_index, messages.c.number_kept),
        None if reference is None else messages.c.reference == reference,
        None if status is None else _status(now_ms) == status,
        None if from_ms is None else messages.c.queued_at >= from_ms,
        None if to_ms is None else messages.c.queued_at < to_ms,
        None if cursor is None else tuple_(*_POSITION) < tuple_(*read_cursor(cursor)),
    ]
    theirs = (messages.c.application_id == application_id, messages.c.test == test, messages.c["class"].is_not(None))
    newest = (
        select(*columns(), _status(now_ms).label("as_of"))
        .outerjoin(verifications, verifications.c.id == messages.c.verification_id)
        .outerjoin(people, people.c.person_id == messages.c.person_id)
        .where(*theirs, *(each for each in wanted if each is not None))
        .order_by(*(column.desc() for column in _POSITION))
        .limit(limit + 1)
    )
    items = [replace(tracked_row(row), status=row["as_of"]) for row in connection.execute(newest).mappings()]
    shown = items[:limit]
    return Page(shown, b64(f"{shown[-1].queued_at}:{shown[-1].id}".encode()) if len(items) > limit else None)


def _status(now_ms: int) -> ColumnElement[str]:
    """The status as of `now_ms`: nothing is written when the time comes to send, nor when a deadline passes."""
    waits = messages.c.status.in_(("queued", "scheduled", "sending"))
    return case(
        (and_(waits, messages.c.deadline_at <= now_ms), "expired"),
        (and_(messages.c.status == "scheduled", messages.c.send_at <= now_ms), "queued"),
        else_=messages.c.status,
    )
