"""Blocks and allows as CSV: a file goes in whole or not at all, and what goes out is safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Connection

from otp_service.domain.errors import FieldError, Refusal, invalid_field
from otp_service.domain.spreadsheets import harmless, plain
from otp_service.domain.times import milliseconds, rfc3339_or_none
from otp_service.ledger import audit, blocks
from otp_service.ledger.applications import Application
from otp_service.ledger.blocks import BLOCKS, KINDS, Block, Book, Kind
from otp_service.ledger.changes import Change
from otp_service.ledger.ids import new_id
from otp_service.ledger.many import Row, find_many, insert_many, update_many
from otp_service.service.admin.blocks import EVERY, Wanted, exported
from otp_service.service.admin.fields import MOST_REASON, future, words
from otp_service.service.admin.named import Kept, kept, shown
from otp_service.service.admin.opening import changing, looking, owner
from otp_service.service.core import Core

COLUMNS = ("application", "kind", "value", "reason", "expires_at")
NEEDED = frozenset({"kind", "value", "reason"})
MOST_BYTES = 8 * 1024 * 1024
MOST_ROWS = 100_000
MOST_TOLD = 100  # bad lines

MASK = "•••"

Key = tuple[str | None, str, str]  # application, kind, value
Said = Callable[[Core, Block], str]


class Line(NamedTuple):
    """One good line: what it names, why, and until when."""

    application_id: str | None
    kind: Kind
    kept: Kept
    reason: str
    expires_at: int | None

    @property
    def key(self) -> Key:
        return self.application_id, self.kind, self.kept.value


class Plan(NamedTuple):
    """What a file does to a list as it was at a version: the lines that are new, and the rows that say else."""

    version: str
    added: Sequence[Line]
    changed: Sequence[tuple[str, Line]]  # the row's id


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file's rows: those that were new, those whose reason or end was, and those known so already."""

    added: int
    changed: int
    unchanged: int


def import_csv(core: Core, actor: str, text: str, book: Book = BLOCKS) -> Imported:
    """Puts every row of a file into a list, or none if one of them is bad; told again, it changes nothing."""
    lines = _read(core, text)
    # Looked up before everybody else who writes has to wait; again only if somebody has changed the list meanwhile.
    with looking(core) as connection:
        plan = _plan(connection, book, lines)
    with changing(core, actor) as change:
        if plan.version != blocks.version_of(change.connection, book):
            plan = _plan(change.connection, book, lines)
        insert_many(change.connection, book.table, [_row(book, change, line) for line in plan.added])
        update_many(change.connection, book.table, [_said(row, line) for row, line in plan.changed])
        told = Imported(len(plan.added), len(plan.changed), len(lines) - len(plan.added) - len(plan.changed))
        if plan.added or plan.changed:
            blocks.touch(change, book)
            audit.record(change, f"{book.word}.import", before={"rows": len(plan.changed)}, after=asdict(told))
    return told


def export_csv(core: Core, wanted: Wanted = EVERY, book: Book = BLOCKS, *, said: Said = shown) -> Iterator[str]:
    """A list as CSV, line by line; `said` is what stands for what a row names, numbers masked unless it says else."""
    rows = exported(core, wanted, book)
    lines = ((row.application_id or "", row.kind, said(core, row), row.reason, _until(row)) for row in rows)
    return (_written(*cells) for cells in chain([COLUMNS], lines))


def _until(row: Block) -> str:
    return rfc3339_or_none(row.expires_at) or ""


def _written(*cells: str) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([harmless(cell) for cell in cells])
    return out.getvalue()


def _read(core: Core, text: str) -> list[Line]:
    """The lines of a file; Refusal invalid_field with the number of every bad one, and never what stood there."""
    found: dict[Key, Line] = {}
    errors: list[FieldError] = []
    owners: dict[str, Application | None] = {}
    for number, cells in _rows(text):
        try:
            line = _line(core, cells, owners)
            if line.key in found:
                raise invalid_field("value", "an earlier line names the same")
            found[line.key] = line
        except Refusal as refusal:
            errors += _at(number, refusal)
    if errors:
        raise Refusal(
            "invalid_field", "lines of the file are not valid; nothing was changed", errors=errors[:MOST_TOLD]
        )
    return list(found.values())


def _rows(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows below the header with the number of the line on which each ends."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if not NEEDED <= set(header) <= set(COLUMNS) or len(set(header)) < len(header):
            raise _bad(
                1, f"the first line names the columns: kind, value, reason, and maybe {COLUMNS[0]}, {COLUMNS[4]}"
            )
        for count, cells in enumerate(filter(any, reader), 1):
            if count > MOST_ROWS:
                raise _bad(reader.line_num, f"a file may have at most {MOST_ROWS} rows")
            padded = [*map(plain, cells), *[""] * (len(header) - len(cells))]
            yield reader.line_num, dict(zip(header, padded, strict=False)) if len(cells) <= len(header) else {}
    except csv.Error:
        raise _bad(reader.line_num, "this is not CSV: look for a quote that does not end") from None


def _line(core: Core, cells: Mapping[str, str], owners: dict[str, Application | None]) -> Line:
    if not cells:
        raise invalid_field("line", "has more cells than the first line names")
    words("reason", cells["reason"], least=1, most=MOST_REASON)
    of = _owner(core, cells.get("application", ""), owners)
    kind = cells["kind"]
    if kind not in KINDS:
        raise invalid_field("kind", f"must be one of {', '.join(KINDS)}")
    if MASK in cells["value"]:
        raise invalid_field("value", "is masked; export the list in full to take it in elsewhere")
    meant = kept(core, kind, cells["value"], of)
    return Line(of.id if of else None, kind, meant, cells["reason"], _end(cells.get("expires_at", "")))


def _owner(core: Core, named: str, owners: dict[str, Application | None]) -> Application | None:
    if named and named not in owners:
        with looking(core) as connection:
            owners[named] = _found(connection, named)
    if named and owners[named] is None:
        raise invalid_field("application", "there is no such application")
    return owners[named] if named else None


def _found(connection: Connection, named: str) -> Application | None:
    try:
        return owner(connection, named)
    except Refusal as refusal:
        if refusal.code != "not_found":
            raise
        return None


def _end(text: str) -> int | None:
    if not text:
        return None
    try:
        return future("expires_at", milliseconds(text))
    except ValueError:
        raise invalid_field("expires_at", "must be a time with its zone, for instance 2027-01-01T00:00:00Z") from None


def _plan(connection: Connection, book: Book, lines: Sequence[Line]) -> Plan:
    version, known = blocks.version_of(connection, book), _known(connection, book, lines)
    added = [line for line in lines if line.key not in known]
    again = [(known[line.key], line) for line in lines if line.key in known]
    return Plan(version, added, [(row.id, line) for row, line in again if not _is(line, row)])


def _known(connection: Connection, book: Book, lines: Sequence[Line]) -> dict[Key, Block]:
    """The rows that name what these lines name, the last made of several."""
    named = [{"kind": line.kind, "value": line.kept.value} for line in lines]
    rows = map(blocks.block_of, find_many(connection, book.table, named))
    return {(row.application_id, row.kind, row.value): row for row in sorted(rows, key=lambda row: row.created_at)}


def _is(line: Line, row: Block) -> bool:
    return (line.reason, line.expires_at) == (row.reason, row.expires_at)


def _row(book: Book, change: Change, line: Line) -> Row:
    return {
        "id": new_id(blocks.ID[book.word]),
        "application_id": line.application_id,
        "kind": line.kind,
        "value": line.kept.value,
        "to_sealed": line.kept.to_sealed,
        "reason": line.reason,
        "expires_at": line.expires_at,
        "created_at": change.at_ms,
    }


def _said(id_: str, line: Line) -> Row:
    return {"id": id_, "reason": line.reason, "expires_at": line.expires_at}


def _at(number: int, refusal: Refusal) -> list[FieldError]:
    if not refusal.errors:
        raise refusal
    return [{**error, "field": f"line {number}: {error['field']}"} for error in refusal.errors]


def _bad(number: int, detail: str) -> Refusal:
    return Refusal(
        "invalid_field",
        f"line {number}: {detail}",
        errors=[{"field": f"line {number}", "code": "invalid", "detail": detail}],
    )
