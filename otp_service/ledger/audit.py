"""The audit: what admins did, each entry chained to the one before by a keyed hash.

Secrets and numbers are left out by whoever records; people are named by `person_id`. The chain shows a changed,
missing, added or reordered entry to whoever holds the key. The head in `meta` shows entries cut off the end; whoever
can also write `meta` can turn back the whole ledger, which the signed heads that went out show (ledger/heads.py).
ledger/chain.py verifies it all.
"""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Select, insert, select

from otp_service.domain.keys import b64, canonical, mac
from otp_service.ledger import meta
from otp_service.ledger.changes import Change
from otp_service.ledger.paging import Page, page_rows
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


_SAID = tuple(name for name in Entry.__slots__ if name not in ("seq", "prev_hash", "hash"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are looked for; None is any. `act` is one act, or a family of them: `block.*`."""

    actor: str | None = None
    act: str | None = None
    application_id: str | None = None
    target: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None


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
    sealed = seal(change.audit_key.key, unsealed)
    change.connection.execute(insert(audit).values(asdict(unsealed) | {"hash": sealed}))
    meta.write(change.connection, "audit_head", f"{unsealed.seq}:{sealed}")
    change.entries += 1


def head(connection: Connection) -> tuple[int, str]:
    """The number and hash of the newest entry; (0, "") before the first."""
    seq, _, last_hash = (meta.read(connection, "audit_head") or "0:").partition(":")
    return int(seq), last_hash


def entries(connection: Connection, before_seq: int | None = None, limit: int = 100) -> list[Entry]:
    """Up to `limit` entries, newest first, older than `before_seq`."""
    newest = select(audit).order_by(audit.c.seq.desc()).limit(limit)
    if before_seq is not None:
        newest = newest.where(audit.c.seq < before_seq)
    return [Entry(**row) for row in connection.execute(newest).mappings()]


def matching(wanted: Wanted) -> Select[Any]:
    """The entries that are looked for, in no order."""
    found = select(audit)
    if wanted.act is not None:
        family = wanted.act.endswith(".*")
        act = audit.c.act.startswith(wanted.act[:-1], autoescape=True) if family else audit.c.act == wanted.act
        found = found.where(act)
    if wanted.from_ms is not None:
        found = found.where(audit.c.at >= wanted.from_ms)
    if wanted.to_ms is not None:
        found = found.where(audit.c.at < wanted.to_ms)
    alike = {name: getattr(wanted, name) for name in ("actor", "application_id", "target")}
    return found.where(*(audit.c[name] == value for name, value in alike.items() if value is not None))


def page(connection: Connection, wanted: Wanted, limit: int, cursor: str | None) -> Page[Entry]:
    """A page of the entries that are looked for, newest first."""
    rows, following = page_rows(connection, matching(wanted), (audit.c.seq,), limit, cursor, newest_first=True)
    return Page([Entry(**row) for row in rows], following)


def oldest_first(connection: Connection, wanted: Wanted, after_seq: int, limit: int) -> list[Entry]:
    """Up to `limit` of the entries that are looked for, which follow this one."""
    found = matching(wanted).where(audit.c.seq > after_seq).order_by(audit.c.seq).limit(limit)
    return [Entry(**row) for row in connection.execute(found).mappings()]


def seal(key: bytes, entry: Entry) -> str:
    """The keyed hash of everything else in an entry."""
    said = {name: getattr(entry, name) for name in _SAID}
    return b64(mac(key, str(entry.seq), entry.prev_hash, canonical(said)))
