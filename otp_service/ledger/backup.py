"""Backup: every table in one portable file, which either kind of database can restore.

The file is gzip over lines of JSON: a head (`format`, `revision`, `at`), one line per row (`[table, row]`), and a
trailer with the row counts and the SHA-256 of all lines before it. The hash shows damage, not forgery: whoever can
write the file can write the hash. Numbers stay sealed and keys hashed, so the file is of no use without the master
keys, nor can it be restored without them.
"""

import gzip
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select

from otp_service.ledger import migrate
from otp_service.ledger.engine import reading
from otp_service.ledger.schema import METADATA

FORMAT = 1
CHUNK = 1000

Progress = Callable[[str, int], None]  # table, rows done


def unheard(table: str, done: int) -> None:
    """The progress of one who doesn't care."""


def backup(engine: Engine, path: Path, now_ms: int, progress: Progress = unheard) -> dict[str, int]:
    """Write the ledger as it is at one moment to a new file (mode 0600); the rows of each table.

    The file appears under its name only when it is whole; one that exists is replaced.
    """
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            with gzip.open(file, "wb", compresslevel=6) as packed, reading(engine) as connection:
                counts = _dump(connection, _Lines(packed), now_ms, progress)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return counts


class _Lines:
    """A file of JSON lines that knows the hash of what it was given."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    def add(self, value: Any) -> None:
        line = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self._hash.update(line)
        self._file.write(line)

    def digest(self) -> str:
        return self._hash.hexdigest()


def _dump(connection: Connection, lines: _Lines, now_ms: int, progress: Progress) -> dict[str, int]:
    lines.add({"format": FORMAT, "revision": migrate.revision(connection), "at": now_ms})
    counts: dict[str, int] = {}
    for table in METADATA.sorted_tables:
        counts[table.name] = 0
        rows = connection.execute(select(table).execution_options(yield_per=CHUNK)).mappings()
        for chunk in rows.partitions():
            for row in chunk:
                lines.add([table.name, dict(row)])
            counts[table.name] += len(chunk)
            progress(table.name, counts[table.name])
    lines.add({"rows": counts, "sha256": lines.digest()})
    return counts
