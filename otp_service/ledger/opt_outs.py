"""Opt-outs: who wants no more messages of an application, and which ones."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, insert, select, update

from otp_service.ledger import meta
from otp_service.ledger.schema import opt_outs

Scope = Literal["promotional", "all"]
Source = Literal["admin", "api", "provider"]


@dataclass(frozen=True, slots=True)
class OptOut:
    """What a person wants no more of; the number is sealed, and bound to its index."""

    application_id: str
    test: bool
    number_index: str
    to_sealed: str | None
    scope: Scope
    source: Source
    created_at: int


def put(connection: Connection, wanted: OptOut) -> OptOut:
    """Keeps an opt-out, or gives one that exists its scope; told again it changes nothing."""
    meta.lock_version(connection)
    found = get(connection, wanted.application_id, wanted.test, wanted.number_index)
    if found is not None and found.scope == wanted.scope:
        return found
    if found is None:
        connection.execute(insert(opt_outs).values(asdict(wanted)))
    else:
        here = _is(wanted.application_id, wanted.test, wanted.number_index)
        connection.execute(update(opt_outs).where(here).values(scope=wanted.scope))
    meta.bump_version(connection)
    return get(connection, wanted.application_id, wanted.test, wanted.number_index) or wanted


def remove(connection: Connection, application_id: str, test: bool, number_index: str) -> OptOut | None:
    """Lifts an opt-out and answers it; None if there was none."""
    meta.lock_version(connection)
    found = get(connection, application_id, test, number_index)
    if found is not None:
        connection.execute(delete(opt_outs).where(_is(application_id, test, number_index)))
        meta.bump_version(connection)
    return found


def get(connection: Connection, application_id: str, test: bool, number_index: str) -> OptOut | None:
    """The opt-out of a number, if there is one."""
    found = select(opt_outs).where(_is(application_id, test, number_index))
    row = connection.execute(found).mappings().one_or_none()
    return None if row is None else opt_out_of(row)


def scopes(connection: Connection) -> Mapping[tuple[str, bool, str], str]:
    """Every opt-out as requests look it up."""
    columns = (opt_outs.c.application_id, opt_outs.c.test, opt_outs.c.number_index, opt_outs.c.scope)
    return {
        (application, test, index): scope for application, test, index, scope in connection.execute(select(*columns))
    }


def opt_out_of(row: RowMapping) -> OptOut:
    """A row as an opt-out."""
    return OptOut(**row)


def _is(application_id: str, test: bool, number_index: str) -> ColumnElement[bool]:
    key = (opt_outs.c.application_id, opt_outs.c.test, opt_outs.c.number_index)
    return and_(*(column == value for column, value in zip(key, (application_id, test, number_index), strict=True)))
