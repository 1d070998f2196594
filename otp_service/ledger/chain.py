"""Verifying the audit: the first entry that is not as it was written, and in a sentence what is wrong with it.

Rows are read as the text they are, in batches: what no longer reads as JSON, as UTF-8 or as a number is a finding too,
and not the end of the search.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, Row, Select, Text, cast, exists, func, select
from sqlalchemy.exc import SQLAlchemyError

from otp_service.domain.codes import same
from otp_service.domain.heads import Head, is_signed
from otp_service.domain.keys import UnknownKid
from otp_service.domain.times import rfc3339
from otp_service.ledger import audit
from otp_service.ledger.audit import Entry
from otp_service.ledger.schema import audit as table

BATCH = 1000
_JSON = ("before", "after")
_COLUMNS = [cast(column, Text).label(name) if name in _JSON else column for name, column in table.c.items()]
_MAYBE = (str, type(None))
# What a row may hold but for before and after: seq, at, actor, act, application_id, target, kid, prev_hash, hash.
_KINDS = {(int, int, str, str, of, target, str, str, str) for of in _MAYBE for target in _MAYBE}

KeyOf = Callable[[str], bytes]
PublicOf = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Bad:
    """The first entry that is not as it was written; `what` is a sentence."""

    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: the last entry that is good, with its hash, and the first that is bad, if any."""

    seq: int
    hash: str
    bad: Bad | None = None
    at_end: bool = True  # false: entries follow that were not looked at


@dataclass(frozen=True, slots=True)
class Keys:
    """What verifying takes: the audit key of a kid (UnknownKid for others), the public key of a head's kid."""

    of_entries: KeyOf
    of_heads: PublicOf = field(default=lambda kid: None)


def verify(
    connection: Connection,
    keys: Keys,
    heads: Iterable[Head] = (),
    *,
    after: int = 0,
    most: int | None = None,
    progress: Callable[[int], None] = lambda seq: None,
) -> Verdict:
    """Verifies the entries behind `after`, `most` of them or all, and every head that is given, against them.

    `heads` are those of these entries, and of later ones where the end is reached. The search ends at what is bad.
    """
    seen = Verdict(after, _hash_of(connection, after))
    if after and not seen.hash:
        return replace(seen, bad=Bad(after, f"Entry {after} is missing."))
    told, forged = _by_seq(dict.fromkeys(heads), keys.of_heads)
    wrong = None
    for entry in _entries(connection, after, None if most is None else after + most):
        wrong = entry if isinstance(entry, Bad) else _wrong(entry, seen, keys.of_entries, told)
        if wrong or isinstance(entry, Bad):
            break
        seen = Verdict(entry.seq, entry.hash)
        if seen.seq % BATCH == 0:
            progress(seen.seq)
    progress(seen.seq)
    seen = replace(seen, at_end=wrong is None and not _follows(connection, seen.seq))
    if seen.at_end:
        wrong = _cut_off(connection, seen, told)
    found = [*forged, *([wrong] if wrong else [])]
    return replace(seen, bad=min(found, key=lambda bad: bad.seq) if found else None)


def last_seq(connection: Connection) -> int:
    """About how many entries there are: the number of the newest."""
    newest = connection.scalar(select(func.max(table.c.seq)))
    return newest if isinstance(newest, int) else 0


def _follows(connection: Connection, seq: int) -> bool:
    return bool(connection.scalar(select(exists().where(table.c.seq > seq))))


def _wrong(entry: Entry, last: Verdict, key_of: KeyOf, told: Mapping[int, Sequence[Head]]) -> Bad | None:
    """What is wrong with the entry that follows the last good one."""
    seq = last.seq + 1
    if entry.seq > seq:
        gone = f"Entry {seq} is" if entry.seq == seq + 1 else f"Entries {seq} to {entry.seq - 1} are"
        return Bad(seq, f"{gone} missing: entry {entry.seq} comes next.")
    if entry.seq < seq:
        return Bad(entry.seq, f"Entry {entry.seq} was put in: there can be none of this number here.")
    if entry.prev_hash != last.hash:
        return Bad(seq, f"Entry {seq} does not follow the one before it: it was changed, moved here or put in.")
    return _unsealed(entry, key_of) or _unlike_head(entry, told.get(seq, ()))


def _unsealed(entry: Entry, key_of: KeyOf) -> Bad | None:
    try:
        key = key_of(entry.kid)
        is_sealed = same(entry.hash, audit.seal(key, entry))
    except UnknownKid:
        return Bad(entry.seq, f"Entry {entry.seq} names a key that is not this audit's.")
    except ValueError:
        is_sealed = False
    if is_sealed:
        return None
    # With another installation's key the first one fails, as if it had been changed.
    other = ", or the key is another" if entry.seq == 1 else ""
    what = f"Entry {entry.seq} is not what was written: its hash does not fit what it says{other}."
    return Bad(entry.seq, what)


def _unlike_head(entry: Entry, heads: Sequence[Head]) -> Bad | None:
    for head in heads:
        if head.hash != entry.hash:
            what = f"Entry {entry.seq} is another than the one whose head was signed at {rfc3339(head.at)}"
            return Bad(entry.seq, f"{what}: it, or one before it, was written anew.")
    return None


def _cut_off(connection: Connection, seen: Verdict, told: Mapping[int, Sequence[Head]]) -> Bad | None:
    """What is missing behind the last entry, or should not be there, by the ledger's own word and by the heads."""
    beyond = [head for seq, heads in told.items() for head in heads if seq > seen.seq]
    if beyond:
        head = max(beyond, key=lambda each: each.seq)
        return Bad(seen.seq + 1, _missing(seen.seq + 1, head.seq, f"a head signed at {rfc3339(head.at)} knew them"))
    try:
        seq, hash = audit.head(connection)
    except ValueError:
        return Bad(seen.seq + 1, "The ledger's own note of the newest entry can't be read.")
    if seq > seen.seq:
        return Bad(seen.seq + 1, _missing(seen.seq + 1, seq, "the ledger's own note of the newest entry says so"))
    if (seq, hash) != (seen.seq, seen.hash):
        return Bad(seq + 1, f"The ledger's own note of the newest entry was turned back, or changed, to entry {seq}.")
    return None


def _missing(first: int, last: int, why: str) -> str:
    gone = f"Entry {first} is" if first == last else f"Entries {first} to {last} are"
    return f"{gone} missing at the end: {why}."


def _by_seq(heads: Iterable[Head], public_of: PublicOf) -> tuple[dict[int, list[Head]], list[Bad]]:
    """The heads that are genuine by their entry, and those that are not."""
    told: dict[int, list[Head]] = {}
    forged = []
    for head in heads:
        public = public_of(head.kid)
        if public is None:
            forged.append(Bad(head.seq, f"A head of entry {head.seq} names a key that never signed any."))
        elif is_signed(head, public):
            told.setdefault(head.seq, []).append(head)
        else:
            forged.append(Bad(head.seq, f"A head of entry {head.seq} is not what was signed."))
    return told, forged


def _entries(connection: Connection, after: int, to: int | None) -> Iterator[Entry | Bad]:
    """The entries in order, each as it stands; a Bad for one that can't be read, and then no more."""
    batch = BATCH
    while True:
        try:
            rows = connection.execute(_wanted(after, to).limit(batch)).all()
        except (SQLAlchemyError, ValueError):
            if batch == 1:
                yield Bad(after + 1, f"Entry {after + 1}, or what is in its place, can't be read: bytes are damaged.")
                return
            batch = 1  # one by one, up to the one that is damaged
            continue
        for row in rows:
            yield _entry(row, after)
            after = row[0]
        if len(rows) < batch:
            return


def _wanted(after: int, to: int | None) -> Select[Any]:
    # From the start everything is wanted, also what was put in before the first entry.
    bounds = ([table.c.seq > after] if after else []) + ([table.c.seq <= to] if to is not None else [])
    return select(*_COLUMNS).where(*bounds).order_by(table.c.seq)


def _entry(row: Row[Any], after: int) -> Entry | Bad:
    """A row as the entry it is; what reads alike but is not what was written is bad."""
    said: list[Any] = list(row)
    seq = said[0]
    if type(seq) is not int:
        return Bad(after + 1, f"Entry {after + 1} is missing: what comes next has no number.")
    try:
        said[6:8] = map(_json, said[6:8])
        entry = Entry(*said)
    except (ValueError, TypeError, RecursionError):
        return Bad(seq, f"Entry {seq} is not what was written: what it says of before or after is damaged.")
    if (*map(type, said[:6]), *map(type, said[8:])) not in _KINDS:
        return Bad(seq, f"Entry {seq} is not what was written: a value in it is of another kind.")
    return entry


def _json(text: str | None) -> Any:
    """The value of a column, by its own text: another spelling of the same value was not written by us."""
    if text is None:
        return None
    value = json.loads(text)
    if value is None or json.dumps(value) != text:
        raise ValueError("not as it was written")
    return value


def _hash_of(connection: Connection, seq: int) -> str:
    return connection.scalar(select(table.c.hash).where(table.c.seq == seq)) or "" if seq else ""
