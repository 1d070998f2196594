"""Events for the operator's eyes: the last ones of everybody, and the alarms among them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from otp_service.ledger.events import head
from otp_service.ledger.schema import events

ALARMS = ("fraud.alarm", "spend.alarm", "sender.suspended", "webhook.disabled", "destination.locked")
LOOKED_BACK = 100_000  # events; a busy day's alarms are found without walking through all that were ever told


@dataclass(frozen=True, slots=True)
class News:
    """One event, and whose; the operator's own belong to no application."""

    seq: int
    id: str
    application_id: str
    type: str
    at: int
    data: dict[str, Any]


def latest(connection: Connection, limit: int, after: int = 0, application: str | None = None) -> list[News]:
    """The newest events that follow this number, newest first; one application's, or everybody's."""
    found = _news().where(events.c.seq > after)
    if application is not None:
        found = found.where(events.c.application_id == application)
    return _read(connection, found.order_by(events.c.seq.desc()).limit(limit))


def alarms(connection: Connection, after: int | None, limit: int) -> tuple[list[News], int]:
    """The newest alarms that follow this number, newest first, and the number up to which was looked."""
    newest = head(connection)
    since = max(0, newest - LOOKED_BACK) if after is None else after
    found = _news().where(events.c.seq > since, events.c.seq <= newest, events.c.type.in_(ALARMS))
    return _read(connection, found.order_by(events.c.seq.desc()).limit(limit)), newest


def _news() -> Select[Any]:
    return select(*(events.c[name] for name in News.__slots__))


def _read(connection: Connection, found: Select[Any]) -> list[News]:
    return [News(**row) for row in connection.execute(found).mappings()]
