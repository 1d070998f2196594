"""Restore: put a backup back, all of it or nothing.

A restore turns the clock back, and five things must not turn back with it. The version grows past both, so that
every process reloads. The numbers of events jump ahead, so that whoever reads on from one that was given out after the
backup was made misses none. Hard locks that the database had stay: a restore is no way around them. Codes of factors
up to `restored_at`, which `meta` keeps, count as used, since the backup can't know which ones were used after it was
made; and what was held against users with factors stays (restored_factors).
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, delete, exists, select

from otp_service.ledger import events, meta, migrate, restored_factors, schema
from otp_service.ledger.backup import CHUNK, FORMAT, Progress, unheard
from otp_service.ledger.schema import METADATA
from otp_service.ledger.writing import insert_once

EVENTS_BETWEEN = 2**32  # more than can have been told between a backup and its restore


class BadBackup(ValueError):
    """The file is not a whole backup that this release can read."""


class NotEmpty(RuntimeError):
    """The database already holds something that a restore would replace."""


def restore(
    engine: Engine, path: Path, now_ms: int, *, replace: bool = False, progress: Progress = unheard
) -> dict[str, int]:
    """Put a backup into a migrated, empty database, or over whatever is there if `replace`; the rows of each table.

    BadBackup before anything is touched if the file is damaged or of another revision, NotEmpty if there is something
    to lose.
    """
    counts = verify(path)
    migrate.require_head(engine)
    with engine.begin() as connection:
        version = meta.lock_version(connection)
        seq = events.head(connection)
        if not replace and (full := _full_tables(connection)):
            raise NotEmpty(f"the ledger is not empty ({', '.join(full)}): say replace to lose what is there")
        used = restored_factors.known(connection)
        _empty(connection)
        _load(connection, path, progress)
        restored_factors.keep(connection, used, now_ms)
        meta.write(connection, "version", str(max(version, meta.version(connection)) + 1))
        meta.write(connection, "restored_at", str(now_ms))
        meta.write(connection, events.SEQ, str(max(seq, events.head(connection)) + EVENTS_BETWEEN))
    return counts


def verify(path: Path) -> dict[str, int]:
    """The rows of each table in a backup; BadBackup unless it is whole and of this release's revision."""
    digest = hashlib.sha256()
    last = b""
    for line in _lines(path):
        digest.update(last)
        last = line
    trailer = _parse(last, path)
    if not isinstance(trailer, dict) or trailer.get("sha256") != digest.hexdigest():
        raise BadBackup(f"{path} is damaged or cut off")
    _check_head(_parse(next(_lines(path)), path), path)
    return dict(trailer["rows"])


def _check_head(head: Any, path: Path) -> None:
    if head["format"] != FORMAT or head["revision"] != migrate.head():
        raise BadBackup(
            f"{path} was made at revision {head['revision']}, this release restores {migrate.head()}: "
            "restore it with the release that made it, then migrate"
        )


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path, "rb") as file:
            yield from file
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadBackup(f"{path} is damaged or cut off") from error


def _parse(line: bytes, path: Path) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        raise BadBackup(f"{path} is damaged or cut off") from None


def _full_tables(connection: Connection) -> list[str]:
    own = (table for table in METADATA.sorted_tables if table is not schema.meta)
    return [table.name for table in own if connection.scalar(select(exists().select_from(table)))]


def _empty(connection: Connection) -> None:
    for table in reversed(METADATA.sorted_tables):
        if table is not schema.hard_locks:
            connection.execute(delete(table))


def _load(connection: Connection, path: Path, progress: Progress) -> None:
    rows = (json.loads(line) for line in _lines(path) if line.startswith(b"["))
    for name, found in groupby(rows, key=itemgetter(0)):
        table, done = METADATA.tables[name], 0
        while chunk := [row for _, row in islice(found, CHUNK)]:
            connection.execute(insert_once(connection, table), chunk)
            done += len(chunk)
            progress(name, done)
