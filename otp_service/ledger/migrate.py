"""Migrations, carried by the package and run by it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from otp_service.ledger.engine import reading

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x6F74705F  # any number that nobody else takes: "otp_"


class NotMigrated(RuntimeError):
    """The database lacks tables or columns that this release needs."""


def to_head(engine: Engine) -> None:
    """Bring the database to this release's schema; of two that try at once the second finds it done."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if not _reaches_head(revision(connection)):
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def current(engine: Engine) -> str | None:
    """The revision of the database; None if it has no tables yet."""
    with reading(engine) as connection:
        return revision(connection)


def head() -> str:
    """The revision that this release was written for."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    if found is None:
        raise NotMigrated("this installation carries no migrations")
    return found


def is_at_head(engine: Engine) -> bool:
    """Whether this release can work with the database: it is at the release's revision, or past it.

    Past it a newer release runs beside this one; migrations only add, and take away one release later.
    """
    return _reaches_head(current(engine))


def require_head(engine: Engine) -> None:
    """Refuse, saying what to do, unless the database is at this release's revision or past it."""
    found = current(engine)
    if not _reaches_head(found):
        state = "has no tables yet" if found is None else f"is at revision {found}, this release needs {head()}"
        raise NotMigrated(f"the ledger {state}: run `otp-service migrate`")


def _reaches_head(revision: str | None) -> bool:
    return revision is not None and revision >= head()  # revisions are numbered: 0001, 0002, ...


def revision(connection: Connection) -> str | None:
    """The revision of the database as this transaction sees it."""
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
