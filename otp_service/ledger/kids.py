"""Which keys of the ring the ledger still needs."""

from collections.abc import Collection

from sqlalchemy import Column, ColumnElement, Connection, or_, select

from otp_service.ledger.schema import audit, blocks, meta, people

# Where values are sealed: `kid.` and what was sealed.
_SEALED: tuple[tuple[Column[str], *tuple[ColumnElement[bool], ...]], ...] = (
    (people.c.to_sealed,),
    (blocks.c.to_sealed,),
    (meta.c.value, meta.c.name == "index_key"),
)


def missing_kids(connection: Connection, ring: Collection[str]) -> list[str]:
    """The kids of sealed values and audit entries that are not in this ring; without them those can't be opened."""
    missing: set[str] = set()
    while found := _one_beyond(connection, {*ring, *missing}):
        missing.add(found)
    return sorted(missing)


def _one_beyond(connection: Connection, known: Collection[str]) -> str | None:
    sealed = (
        select(column).where(column.is_not(None), *wanted, ~_is_under(column, known)).limit(1)
        for column, *wanted in _SEALED
    )
    for query in sealed:
        if found := connection.scalar(query):
            return found.partition(".")[0]
    return connection.scalar(select(audit.c.kid).where(audit.c.kid.not_in(known)).limit(1))


def _is_under(column: Column[str], known: Collection[str]) -> ColumnElement[bool]:
    return or_(*(column.startswith(f"{kid}.") for kid in known))  # kids are letters and digits: nothing to escape
