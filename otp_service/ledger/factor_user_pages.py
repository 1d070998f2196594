"""Users with factors by the page, and whom wrong codes hold up."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, select

from otp_service.ledger.factor_users import FactorUser
from otp_service.ledger.paging import Page, page_rows
from otp_service.ledger.schema import factor_users, factors


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose users, and which of them; `user_index` is of one alone."""

    application_id: str
    test: bool = False
    disabled: bool = False
    user_index: str | None = None


def page(connection: Connection, wanted: Wanted, limit: int, cursor: str | None) -> Page[FactorUser]:
    """Some of an application's users with factors, newest first; of those who are disabled, who was locked last."""
    user = factor_users.c
    found = _of(wanted.application_id).where(user.test.is_(wanted.test))
    if wanted.user_index is not None:
        found = found.where(user.user_index == wanted.user_index)
    if wanted.disabled:
        found = found.where(user.locked_until > 0, user.disabled_at.is_not(None))
    place = (user.locked_until if wanted.disabled else user.created_at, user.user_index)
    rows, following = page_rows(connection, found, place, limit, cursor, newest_first=True)
    return Page([_user(row) for row in rows], following)


def held(connection: Connection, application_id: str, limit: int) -> list[FactorUser]:
    """Whom wrong codes hold up or lately did: first who is disabled, then who was locked last."""
    user = factor_users.c
    found = _of(application_id).where(user.locked_until > 0)
    gravest = found.order_by(user.disabled_at.is_(None), user.locked_until.desc(), user.user_index).limit(limit)
    return [_user(row) for row in connection.execute(gravest).mappings()]


def types_of(connection: Connection, users: Collection[FactorUser]) -> Mapping[str, Sequence[str]]:
    """The types of the factors that count, by their user, in the order of their enrolment."""
    theirs = factors.c.user_index.in_([each.user_index for each in users]) & (factors.c.status == "active")
    found: dict[str, list[str]] = {}
    rows = select(factors.c.user_index, factors.c.type).where(theirs).order_by(factors.c.created_at, factors.c.id)
    for index, type in connection.execute(rows):
        if type not in found.setdefault(index, []):
            found[index].append(type)
    return found


def _of(application_id: str) -> Select[Any]:
    return select(factor_users).where(factor_users.c.application_id == application_id)


def _user(row: RowMapping) -> FactorUser:
    return FactorUser(**row)
