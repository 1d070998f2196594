"""Engines and transactions: SQLite on one host, PostgreSQL in production."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_MS = 5000  # for another's lock, on either kind of database: a request must end
CONNECT_TIMEOUT_S = 5
POOL_TIMEOUT_S = 10  # for a connection to be free: a thread that waits longer is missed elsewhere
# A network that swallows what is sent must not hold a request for the quarter of an hour that the kernel would.
NETWORK = {"tcp_user_timeout": 10_000, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}

# What makes one transaction see one state from its first to its last statement.
_READING: dict[str, dict[str, Any]] = {
    "sqlite": {"ledger_reading": True},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


def make_engine(url: str) -> Engine:
    """The engine of a database URL, `sqlite:///path` or `postgresql://...`; ValueError on any other."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Its own words would repeat the URL, and with it the password.
        raise ValueError(
            "the database URL can't be read; write sqlite:///path or postgresql://user@host/name"
        ) from None
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(parsed)
        case "postgresql" | "postgres":
            return _postgresql(parsed)
        case other:
            raise ValueError(f"the database must be sqlite or postgresql, not {other}")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A read transaction that sees one consistent state; write with `engine.begin()`."""
    with engine.connect() as connection:
        view = connection.execution_options(**_READING[engine.dialect.name])
        with view.begin():
            yield view


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="READ COMMITTED",  # whatever the server's default is: retention asks again after it locked
        pool_timeout=POOL_TIMEOUT_S,
        pool_pre_ping=True,  # a database that was restarted must not cost a request
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S, **NETWORK},
    )
    event.listen(engine, "connect", _set_up_postgresql)
    return engine


def _set_up_postgresql(connection: Any, _: ConnectionPoolEntry) -> None:
    # Not among the options of the connection, which a PgBouncer in between would refuse.
    connection.execute(f"SET lock_timeout = {BUSY_TIMEOUT_MS}")
    connection.commit()


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise ValueError("a SQLite ledger needs a file: sqlite:///path")
    _make_private(Path(url.database))
    # isolation_level None: the driver opens no transactions by itself, so that ours begin as we say.
    connect_args = {"isolation_level": None}
    # The connection that was used last has what it read in its cache; in turns, each would come to hold 2 MB.
    engine = create_engine(url.set(drivername="sqlite"), connect_args=connect_args, pool_use_lifo=True)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(path: Path) -> None:
    """Only the owner may read the file; SQLite gives its WAL the same mode."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        # Never open and close it here: that would drop this process' SQLite locks on it
        # (sqlite.org/howtocorrupt.html, 2.2).
        path.chmod(0o600)


def _set_up_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # synchronous stays FULL: what was drained from the store exists nowhere else.
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later can't be made to wait by busy_timeout: it fails. So writers
    # queue at once.
    is_reading = connection.get_execution_options().get("ledger_reading")
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")
