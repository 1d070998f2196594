"""How the admin's stories reach the ledger: a change or a look, and whose application is meant."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from otp_service.domain.errors import Refusal
from otp_service.ledger import applications
from otp_service.ledger.applications import Application
from otp_service.ledger.changes import Change, change
from otp_service.ledger.engine import reading
from otp_service.service.admin.fields import UNWELCOME
from otp_service.service.core import Core, now_ms

RETRY_S = 5


@contextmanager
def changing(core: Core, actor: str) -> Iterator[Change]:
    """One transaction: all of it happens and is audited, or nothing; Refusal unavailable while SQL is down."""
    with _reachable(), change(core.engine, core.audit_key, actor=actor, now_ms=now_ms()) as opened:
        yield opened


@contextmanager
def looking(core: Core) -> Iterator[Connection]:
    """One state of the ledger, to read from; Refusal unavailable while SQL is down."""
    with _reachable(), reading(core.engine) as connection:
        yield connection


@contextmanager
def writing(core: Core) -> Iterator[Connection]:
    """One transaction of what callers do to what is theirs, which no audit tells; Refusal unavailable without SQL."""
    with _reachable(), core.engine.begin() as connection:
        yield connection


def owner(connection: Connection, application: str) -> Application:
    """The application of this id or name; Refusal not_found if there is none."""
    try:
        name = stored(application)
        found = applications.read(connection, name) or applications.find(connection, name)
    except ValueError as error:
        why = "this application's stored policy can't be read by this release; /readyz tells which field it is"
        raise Refusal("unavailable", why, retry_after_s=RETRY_S) from error
    if found is None:
        raise Refusal("not_found", "there is no such application")
    return found


def stored(id: str) -> str:
    """The same id or name, unless it holds what no database takes; then nothing is found."""
    return "" if UNWELCOME.search(id) else id


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise Refusal("unavailable", "the ledger can't be reached now", retry_after_s=RETRY_S) from error
