"""Migrations run by the package itself."""

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from otp_service.ledger import migrate
from otp_service.ledger.engine import reading
from otp_service.ledger.schema import METADATA


def test_migrating_makes_the_tables_of_the_schema(empty_engine: Engine) -> None:
    """After migrating, the database has exactly the tables, columns and indexes that the code works with."""
    migrate.to_head(empty_engine)
    with reading(empty_engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_migrating_twice_changes_nothing(empty_engine: Engine) -> None:
    """A second migration finds everything done."""
    migrate.to_head(empty_engine)
    migrate.to_head(empty_engine)
    assert migrate.current(empty_engine) == migrate.head()
    assert migrate.is_at_head(empty_engine)


def test_two_processes_may_migrate_at_once(empty_engine: Engine) -> None:
    """Of several that migrate at the same time one does it, and the others find it done."""
    errors: list[Exception] = []

    def migrate_it() -> None:
        try:
            migrate.to_head(empty_engine)
        except Exception as error:  # whatever it is, the test shows it
            errors.append(error)

    threads = [threading.Thread(target=migrate_it) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert migrate.is_at_head(empty_engine)


def test_a_database_without_tables_is_refused(empty_engine: Engine) -> None:
    """A database that was never migrated is refused with the command to run."""
    assert migrate.current(empty_engine) is None
    with pytest.raises(migrate.NotMigrated, match="no tables yet: run `otp-service migrate`"):
        migrate.require_head(empty_engine)


def test_an_older_database_is_refused(engine: Engine) -> None:
    """A database behind this release's revision is refused, naming both revisions."""
    _stamp(engine, "0000")
    with pytest.raises(migrate.NotMigrated, match=f"0000, this release needs {migrate.head()}"):
        migrate.require_head(engine)


def test_a_newer_database_is_worked_with(engine: Engine) -> None:
    """A database that a newer release has migrated still serves this one, so that upgrades can roll."""
    _stamp(engine, "9999")
    migrate.require_head(engine)
    migrate.to_head(engine)
    assert migrate.current(engine) == "9999"


def test_a_failed_migration_leaves_nothing(empty_engine: Engine) -> None:
    """A migration that fails in the middle leaves none of its tables behind."""
    with empty_engine.begin() as connection:
        connection.execute(text("CREATE TABLE audit (seq INTEGER)"))  # the last one that the migration makes
    with pytest.raises(Exception, match="already exists"):
        migrate.to_head(empty_engine)
    assert inspect(empty_engine).get_table_names() == ["audit"]


def _stamp(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
