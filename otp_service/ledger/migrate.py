"""Migrations, carried by the package and run by it."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from otp_service.ledger.revision import (
    VERSIONS,
    NotMigrated,
    current,
    head,
    is_at_head,
    reaches_head,
    require_head,
    revision,
)

__all__ = ["NotMigrated", "current", "head", "is_at_head", "require_head", "revision", "to_head"]

_LOCK = 0x6F74705F  # any number that nobody else takes: "otp_"


def to_head(engine: Engine) -> None:
    """Bring the database to this release's schema; of two that try at once the second finds it done."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL lock_timeout = 0"))  # however long the first one takes
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if not reaches_head(revision(connection)):
            config = Config()
            config.set_main_option("script_location", str(VERSIONS.parent).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
