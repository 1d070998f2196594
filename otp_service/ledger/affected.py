"""Whom a block would have met: the codes that were lately asked for by or for the same."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, case, distinct, func, literal, or_, select

from otp_service.ledger.schema import applications, people, verifications


@dataclass(frozen=True, slots=True)
class Affected:
    """Codes that were asked for, by how many people, and how many of them were typed in."""

    requests: int = 0
    people: int = 0
    approved: int = 0


def affected(
    connection: Connection, kind: str, values: Collection[str], since_ms: int, application_id: str | None = None
) -> Affected:
    """What a block or allow of this kind and value would have met since then; test keys aside.

    A prefix that reaches into the last four digits counts the whole block: the ledger keeps no more in clear.
    """
    owners = [application_id] if application_id else connection.scalars(select(applications.c.id)).all()
    approved = func.coalesce(func.sum(case((verifications.c.status == "approved", 1), else_=0)), 0)
    found = (
        select(func.count(), func.count(distinct(verifications.c.person_id)), approved)
        .select_from(verifications)
        .outerjoin(people, people.c.person_id == verifications.c.person_id)
        .where(
            verifications.c.application_id.in_(owners),
            verifications.c.created_at >= since_ms,
            verifications.c.test.is_not(True),
            _meets(kind, values),
        )
    )
    return Affected(*map(int, connection.execute(found).one()))


def _meets(kind: str, values: Collection[str]) -> ColumnElement[bool]:
    match kind:
        case "prefix":
            return or_(*(_in_block(f"+{value}") for value in values))
        case "country":
            return people.c.country.in_(values)
        case "number":
            return people.c.number_index.in_(values)
        case _:
            return verifications.c[f"{kind}_index"].in_(values)


def _in_block(prefix: str) -> ColumnElement[bool]:
    return or_(people.c.block.startswith(prefix, autoescape=True), literal(prefix).startswith(people.c.block))
