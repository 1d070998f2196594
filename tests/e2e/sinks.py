"""Everything that an installation has written down anywhere, to be searched for what must not be there."""

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import inspect, text

from otp_service.ledger.engine import make_engine, reading
from tests.e2e.production import Production

Sinks = dict[str, bytes]


def written(made: Production) -> Sinks:
    """Logs, Redis' append-only file and dump, the ledger's files and rows, and the pages of metrics."""
    with made.redis.client() as client:
        client.save()
    processes = (*made.servers, *made.couriers)
    return {
        **contents(made.redis.folder, "**/*.aof", "**/*.rdb"),
        **contents(made.folder, "*.log", "otp.db*"),
        **{f"metrics of {process.log.stem}": process.metrics.encode() for process in processes},
        "tables": tables(made),
    }


def contents(folder: Path, *patterns: str) -> Sinks:
    """The files of these names."""
    return {path.name: path.read_bytes() for pattern in patterns for path in folder.glob(pattern)}


def tables(made: Production) -> bytes:
    """Every row of every table, as text."""
    engine = make_engine(made.environment["OTP_DATABASE_URL"])
    try:
        names = inspect(engine).get_table_names()
        with reading(engine) as connection:
            return repr([connection.execute(text(f'SELECT * FROM "{name}"')).all() for name in names]).encode()
    finally:
        engine.dispose()


def found(needles: Iterable[str], sinks: Sinks) -> list[str]:
    """Where which of these texts stands."""
    return [f"{needle} in {name}" for needle in needles for name, sink in sinks.items() if needle.encode() in sink]
