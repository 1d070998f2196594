"""Blocks and allows: who gets no codes, and whom the brake lets pass.

Both lists have rows of one form. Requests meet them arranged: one look-up per list, owner, kind and length in use,
however many rows there are.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, and_, delete, insert, or_, select

from otp_service.domain.addresses import counted_network
from otp_service.domain.errors import Refusal
from otp_service.domain.phone import mask
from otp_service.ledger import applications, audit, meta, schema
from otp_service.ledger.changes import Change
from otp_service.ledger.ids import new_id

Kind = Literal["number", "prefix", "country", "ip", "network", "user"]
KINDS: tuple[Kind, ...] = ("number", "prefix", "country", "ip", "network", "user")
OF_NUMBERS: frozenset[Kind] = frozenset({"number", "prefix", "country"})
SAID: frozenset[Kind] = frozenset({"prefix", "country", "network"})  # in the audit, which forgets nothing
FOREVER = 2**63 - 1
NONE: frozenset[Kind] = frozenset()
LONGEST_RANGE = 10  # digits; a longer prefix may be somebody's whole number


@dataclass(frozen=True, slots=True)
class Book:
    """One of the two lists."""

    word: str
    table: Table


BLOCKS, ALLOWS = Book("block", schema.blocks), Book("allow", schema.allows)


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a request is about, in everything that a block or an allow can name; the user by an index."""

    application_id: str
    number_index: str
    e164: str
    country: str
    ip: str | None = None
    user_index: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A row of either list; `value` is readable but of numbers and users, which stand there by their index."""

    id: str
    application_id: str | None  # None: every application
    kind: Kind
    value: str
    to_sealed: str | None  # the number or user, bound to value
    reason: str
    expires_at: int | None
    created_at: int


class Room(NamedTuple):
    """What is looked up together: values of one kind, and of one length where a value stands for all that begin so."""

    kind: Kind
    length: int = 0
    version: int = 0  # of the Internet Protocol


Found = Mapping[Room, Mapping[str | int, int]]  # value -> when it expires


@dataclass(frozen=True, slots=True)
class Listed:
    """A list arranged for look-ups, as of a version of it: by owner, None for every application."""

    owners: Mapping[str | None, Found] = field(default_factory=dict)
    version: str = ""

    def hits(self, target: Target, now_ms: int) -> frozenset[Kind]:
        """The kinds of rows in force that name this target; empty if none does."""
        if not self.owners:
            return NONE
        return frozenset(
            room.kind
            for owner in (target.application_id, None)
            for room, values in self.owners.get(owner, {}).items()
            if values.get(_MEANT[room.kind](target, room), 0) > now_ms
        )


Meant = Callable[[Target, Room], str | int]
_MEANT: dict[Kind, Meant] = {  # what a target is in a room; "" stands in none
    "number": lambda target, _: target.number_index,
    "prefix": lambda target, room: target.e164[1 : 1 + room.length],
    "country": lambda target, _: target.country,
    "ip": lambda target, _: counted_network(target.ip) if target.ip else "",
    "network": lambda target, room: _part(target.ip, room) if target.ip else "",
    "user": lambda target, _: target.user_index or "",
}


def _part(ip: str, room: Room) -> int | str:
    version, number, bits = _bits(ip)
    return number >> (bits - room.length) if version == room.version else ""


@lru_cache(maxsize=16_384)
def _bits(text: str) -> tuple[int, int, int]:
    """An address as its version, its number and its bits."""
    address = ip_address(text)
    address = getattr(address, "ipv4_mapped", None) or address
    return address.version, int(address), address.max_prefixlen


def add(
    change: Change,
    kind: Kind,
    value: str,
    reason: str,
    *,
    application_id: str | None = None,
    to_sealed: str | None = None,
    expires_at: int | None = None,
    book: Book = BLOCKS,
) -> Block:
    """Write a row into a list; `not_found` if there is no such application."""
    if application_id is not None:
        applications.require(change.connection, application_id)
    made = Block(new_id(ID[book.word]), application_id, kind, value, to_sealed, reason, expires_at, change.at_ms)
    change.connection.execute(insert(book.table).values(asdict(made)))
    touch(change, book)
    audit.record(change, f"{book.word}.add", application_id=application_id, target=made.id, after=said(made))
    return made


def remove(change: Change, id: str, book: Book = BLOCKS) -> Block:
    """Take a row out of a list, and answer it; `not_found` if there is none of this id."""
    found = get(change.connection, id, book)
    if found is None:
        raise Refusal("not_found", f"there is no such {book.word}")
    change.connection.execute(delete(book.table).where(book.table.c.id == id))
    touch(change, book)
    audit.record(change, f"{book.word}.remove", application_id=found.application_id, target=id, before=said(found))
    return found


def get(connection: Connection, id: str, book: Book = BLOCKS) -> Block | None:
    """The row of this id."""
    row = connection.execute(select(book.table).where(book.table.c.id == id)).mappings().one_or_none()
    return None if row is None else block_of(row)


def listed(connection: Connection, book: Book = BLOCKS) -> list[Block]:
    """Every row of a list, expired ones too, oldest first."""
    oldest = select(book.table).order_by(book.table.c.created_at, book.table.c.id)
    return [block_of(row) for row in connection.execute(oldest).mappings()]


def naming(table: Table, values: Mapping[Kind, Sequence[str]]) -> ColumnElement[bool]:
    """The rows of these kinds that hold one of these values."""
    return or_(*(and_(table.c.kind == kind, table.c.value.in_(each)) for kind, each in values.items()))


def block_of(row: RowMapping) -> Block:
    """A row as a block."""
    return Block(**row)


def holding(connection: Connection, book: Book, values: Mapping[Kind, Sequence[str]]) -> list[Block]:
    """The rows of these kinds that hold one of these values, oldest first."""
    found = select(book.table).where(naming(book.table, values)).order_by(book.table.c.created_at, book.table.c.id)
    return [block_of(row) for row in connection.execute(found).mappings()]


def of_kinds(connection: Connection, book: Book, kinds: Sequence[Kind]) -> list[Block]:
    """The rows of these kinds, oldest first."""
    found = select(book.table).where(book.table.c.kind.in_(kinds)).order_by(book.table.c.created_at, book.table.c.id)
    return [block_of(row) for row in connection.execute(found).mappings()]


def touch(change: Change, book: Book) -> None:
    """Tells every snapshot that this list has changed: whoever writes to its table must."""
    meta.write(change.connection, _CHANGED[book.word], str(meta.version(change.connection)))


def load(connection: Connection, book: Book, known: Listed | None) -> Listed:
    """A list as requests look it up; `known` itself while it has not changed: it may have a million rows."""
    version = version_of(connection, book)
    if known is not None and known.version == version:
        return known
    columns = [book.table.c[name] for name in ("application_id", "kind", "value", "expires_at")]
    return Listed(arranged(connection.execute(select(*columns)).yield_per(10_000)), version)


def arranged(rows: Iterable[tuple[Any, ...]]) -> dict[str | None, Found]:
    """Rows of owner, kind, value and end as requests look them up; of two alike the longer counts."""
    owners: dict[str | None, dict[Room, dict[str | int, int]]] = {}
    for owner, kind, value, expires_at in rows:
        until = FOREVER if expires_at is None else expires_at
        room, key = placed(kind, value)
        values = owners.setdefault(owner, {}).setdefault(room, {})
        values[key] = max(until, values.get(key, 0))
    return dict(owners)


def placed(kind: Kind, value: str) -> tuple[Room, str | int]:
    """Where a value is looked up, and as what."""
    if kind == "prefix":
        return Room(kind, len(value)), value
    if kind == "network":
        text, _, length = value.partition("/")
        version, number, bits = _bits(text)
        return Room(kind, int(length), version), number >> (bits - int(length))
    return Room(kind), value


def said(block: Block) -> dict[str, str | int | None]:
    """A row as the audit tells it: no whole number, no address, no user."""
    told: dict[str, str | int | None] = {
        "kind": block.kind,
        "reason": block.reason,
        "expires_at": block.expires_at,
    }
    return told | ({block.kind: _range(block.value)} if block.kind in SAID else {})


def _range(value: str) -> str:
    """A prefix that is no whole number; a network or country as it is."""
    return mask(f"+{value}") if value.isdigit() and len(value) > LONGEST_RANGE else value


def version_of(connection: Connection, book: Book) -> str:
    """When the list last changed; a restore turns that back, so it tells too."""
    return f"{meta.read(connection, _CHANGED[book.word])}/{meta.read(connection, 'restored_at')}"


ID = {"block": "blk", "allow": "alw"}
_CHANGED = {"block": "blocks_changed", "allow": "allows_changed"}
