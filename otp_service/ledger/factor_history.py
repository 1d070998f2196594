"""What became of factors, in time order: who enrolled, confirmed, checked and removed what; never a code."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from otp_service.ledger.ids import new_id
from otp_service.ledger.schema import factor_history

EVENTS = (
    "enrolled",
    "confirmed",
    "checked",
    "failed",
    "already_used",
    "removed",
    "resynced",
    "locked",
    "disabled",
    "lifted",
    "trusted",
    "revoked",
    "imported",
)

_INSERT = insert(factor_history)  # made once: every check writes a line


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened to a user's factors."""

    event: str
    at: int
    factor_id: str | None
    data: dict[str, Any]


def record(
    connection: Connection,
    application_id: str,
    user_index: str,
    event: str,
    at_ms: int,
    factor_id: str | None = None,
    **data: Any,
) -> None:
    """Writes down one thing that happened, one of EVENTS."""
    told = {"event": event, "at": at_ms, "factor_id": factor_id, "data": data}
    whose = {"id": new_id("fah"), "application_id": application_id, "user_index": user_index}
    connection.execute(_INSERT, whose | told)


def of_user(connection: Connection, user_index: str, limit: int) -> list[Happened]:
    """The newest things that happened to a user's factors, newest first."""
    columns = (factor_history.c[name] for name in Happened.__slots__)
    theirs = select(*columns).where(factor_history.c.user_index == user_index)
    newest = theirs.order_by(factor_history.c.at.desc(), factor_history.c.id).limit(limit)
    return [Happened(*row) for row in connection.execute(newest)]
