"""The audit: what admins did, each entry chained to the one before by a keyed hash.

Secrets and numbers are left out by whoever records; people are named by `person_id`. The chain shows a changed,
missing, added or reordered entry to whoever holds the key. The head in `meta` shows entries cut off the end; whoever
can also write `meta` can turn back the whole ledger, which only a copy of the head kept elsewhere shows.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from otp_service.domain.codes import same
from otp_service.domain.keys import b64, canonical, mac
from otp_service.ledger import meta
from otp_service.ledger.changes import Change
from otp_service.ledger.schema import audit

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing an admin did; `hash` covers everything else."""

    seq: int
    at: int
    actor: str
    act: str
    application_id: str | None
    target: str | None
    before: Json | None
    after: Json | None
    kid: str
    prev_hash: str
    hash: str


def record(
    change: Change,
    act: str,
    *,
    application_id: str | None = None,
    target: str | None = None,
    before: Json | None = None,
    after: Json | None = None,
) -> None:
    """Append what this change did to the chain."""
    seq, prev_hash = head(change.connection)
    kid = change.audit_key.kid
    unsealed = Entry(
        seq + 1, change.at_ms, change.actor, act, application_id, target, before, after, kid, prev_hash, hash=""
    )
    sealed = _seal(change.audit_key.key, unsealed)
    change.connection.execute(insert(audit).values(asdict(unsealed) | {"hash": sealed}))
    meta.write(change.connection, "audit_head", f"{unsealed.seq}:{sealed}")
    change.entries += 1


def head(connection: Connection) -> tuple[int, str]:
    """The number and hash of the newest entry; (0, "") before the first."""
    seq, _, last_hash = (meta.read(connection, "audit_head") or "0:").partition(":")
    return int(seq), last_hash


def first_bad(connection: Connection, key_of: Callable[[str], bytes]) -> int | None:
    """The number of the first entry that is missing or not as it was written, or None if all are good.

    `key_of` gives the audit key of a kid, and raises if it has none.
    """
    seq, last_hash = 0, ""
    for entry in _chain(connection):
        seq += 1
        if entry.seq != seq or entry.prev_hash != last_hash or not same(entry.hash, _seal(key_of(entry.kid), entry)):
            return seq
        last_hash = entry.hash
    return None if head(connection) == (seq, last_hash) else seq + 1


def entries(connection: Connection, before_seq: int | None = None, limit: int = 100) -> list[Entry]:
    """Up to `limit` entries, newest first, older than `before_seq`."""
    newest = select(audit).order_by(audit.c.seq.desc()).limit(limit)
    if before_seq is not None:
        newest = newest.where(audit.c.seq < before_seq)
    return [Entry(**row) for row in connection.execute(newest).mappings()]


def _chain(connection: Connection) -> Iterator[Entry]:
    oldest = select(audit).order_by(audit.c.seq).execution_options(yield_per=1000)
    return (Entry(**row) for row in connection.execute(oldest).mappings())


def _seal(key: bytes, entry: Entry) -> str:
    said = {name: value for name, value in asdict(entry).items() if name not in ("seq", "prev_hash", "hash")}
    return b64(mac(key, str(entry.seq), entry.prev_hash, canonical(said)))
