"""Which schema the database has, and whether this release can work with it."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from otp_service.ledger.engine import reading

VERSIONS = Path(__file__).parent / "migrations" / "versions"


class NotMigrated(RuntimeError):
    """The database lacks tables or columns that this release needs."""


def head() -> str:
    """The revision that this release was written for; revisions are numbered: 0001, 0002, ..."""
    return max(path.name[:4] for path in VERSIONS.glob("[0-9][0-9][0-9][0-9]_*.py"))


def current(engine: Engine) -> str | None:
    """The revision of the database; None if it has no tables yet."""
    with reading(engine) as connection:
        return revision(connection)


def revision(connection: Connection) -> str | None:
    """The revision of the database as this transaction sees it."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def is_at_head(engine: Engine) -> bool:
    """Whether this release can work with the database: it is at the release's revision, or past it.

    Past it a newer release runs beside this one; migrations only add, and take away one release later.
    """
    return reaches_head(current(engine))


def require_head(engine: Engine) -> None:
    """Refuse, saying what to do, unless the database is at this release's revision or past it."""
    found = current(engine)
    if not reaches_head(found):
        state = "has no tables yet" if found is None else f"is at revision {found}, this release needs {head()}"
        raise NotMigrated(f"the ledger {state}: run `otp-service migrate`")


def reaches_head(revision: str | None) -> bool:
    """Whether a database of this revision will do."""
    return revision is not None and revision >= head()
