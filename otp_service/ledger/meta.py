"""The named values of the ledger itself: its version, the audit's head, the sealed index key."""

from collections.abc import Callable

from sqlalchemy import BigInteger, Connection, Engine, Text, cast, delete, select, update

from otp_service.ledger.engine import reading
from otp_service.ledger.schema import meta


def read(connection: Connection, name: str) -> str | None:
    """A named value, or None."""
    return connection.scalar(select(meta.c.value).where(meta.c.name == name))


def write(connection: Connection, name: str, value: str) -> None:
    """Store a named value over what was there; only while the version is locked, so that nobody writes it meanwhile."""
    connection.execute(delete(meta).where(meta.c.name == name))
    connection.execute(meta.insert().values(name=name, value=value))


def version(connection: Connection) -> int:
    """The number that grows with every change of a truth."""
    return int(connection.scalars(select(meta.c.value).where(meta.c.name == "version")).one())


def lock_version(connection: Connection) -> int:
    """The version, locked until the transaction ends: changes of truths happen one after the other."""
    found = select(meta.c.value).where(meta.c.name == "version").with_for_update()
    return int(connection.scalars(found).one())


def touch(connection: Connection) -> None:
    """Writes without changing anything: what a change would cost."""
    connection.execute(update(meta).where(meta.c.name == "version").values(value=meta.c.value))


def bump_version(connection: Connection) -> None:
    """Tell every snapshot that a truth has changed."""
    grown = cast(cast(meta.c.value, BigInteger) + 1, Text)
    connection.execute(update(meta).where(meta.c.name == "version").values(value=grown))


def ensure_index_key(engine: Engine, sealed_factory: Callable[[], str]) -> str:
    """The sealed index key; the first caller's is stored for good, whoever races gets that one."""
    with reading(engine) as connection:
        found = read(connection, "index_key")
    return found or _first_index_key(engine, sealed_factory)


def _first_index_key(engine: Engine, sealed_factory: Callable[[], str]) -> str:
    with engine.begin() as connection:
        lock_version(connection)
        found = read(connection, "index_key")
        if found is None:
            found = sealed_factory()
            write(connection, "index_key", found)
            bump_version(connection)
    return found
