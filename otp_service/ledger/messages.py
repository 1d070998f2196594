"""Lists of messages of their own, newest first."""

from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, and_, case, select

from otp_service.ledger.paging import Page, page_rows
from otp_service.ledger.schema import messages, people, verifications
from otp_service.ledger.tracking import TrackedRow, columns, tracked_row

_PLACE = (messages.c.queued_at, messages.c.id)


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
) -> Page[TrackedRow]:
    """Messages that are no codes, told of in [from_ms, to_ms), newest first, without tries and reports."""
    wanted: list[ColumnElement[bool] | None] = [
        None if number_index is None else and_(people.c.number_index == number_index, messages.c.number_kept),
        None if reference is None else messages.c.reference == reference,
        None if status is None else _status(now_ms) == status,
        None if from_ms is None else messages.c.queued_at >= from_ms,
        None if to_ms is None else messages.c.queued_at < to_ms,
    ]
    theirs = (messages.c.application_id == application_id, messages.c.test == test, messages.c["class"].is_not(None))
    found = (
        select(*columns(), _status(now_ms).label("as_of"))
        .outerjoin(verifications, verifications.c.id == messages.c.verification_id)
        .outerjoin(people, people.c.person_id == messages.c.person_id)
        .where(*theirs, *(each for each in wanted if each is not None))
    )
    rows, following = page_rows(connection, found, _PLACE, limit, cursor, newest_first=True)
    return Page([replace(tracked_row(row), status=row["as_of"]) for row in rows], following)


def _status(now_ms: int) -> ColumnElement[str]:
    """The status as of `now_ms`: nothing is written when the time comes to send, nor when a deadline passes."""
    waits = messages.c.status.in_(("queued", "scheduled", "sending"))
    return case(
        (and_(waits, messages.c.deadline_at <= now_ms), "expired"),
        (and_(messages.c.status == "scheduled", messages.c.send_at <= now_ms), "queued"),
        else_=messages.c.status,
    )


def places(connection: Connection, from_ms: int) -> list[tuple[str, str]]:
    """The applications and countries of the messages that were asked for since then."""
    named = select(messages.c.application_id, messages.c.country).distinct()
    found = named.where(messages.c.queued_at >= from_ms, messages.c.application_id.is_not(None))
    return [(application, country) for application, country in connection.execute(found) if country]
