"""`csv`: a table whose first line names its columns; what goes out is safe to open in a spreadsheet."""

import base64
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from otp_service.domain.factors.files import values
from otp_service.domain.factors.files.rows import NOT_PLAIN, Asked, BadFile, BadValue, Entry, Given, Row, row, texts
from otp_service.domain.spreadsheets import harmless, plain

COLUMNS = ("user", "type", "secret", "algorithm", "digits", "period_s", "counter", "label", "issuer")
HEX = "secret_hex"  # a column of its own: many a secret in hexadecimal is one in base32 too, and another one there


def read(lines: Iterable[bytes], asked: Asked) -> Iterator[Row]:
    """A factor per row below the header; `asked.user_from` names the column of the user if it is not `user`."""
    table = Table(lines)
    header = _header(table.names, asked.user_from.strip().lower() or COLUMNS[0])
    for number, cells in table:
        yield row(number, lambda cells=cells: _entry(header, cells))  # type: ignore[misc]


def write(entries: Iterable[Entry], given: Given) -> Iterator[bytes]:
    """A header and a row per factor; secrets in base32."""
    numbered = enumerate(map(_cells, entries), 2)
    for number, cells in chain([(1, COLUMNS)], numbered):
        if not values.plain(*cells):
            raise BadFile(NOT_PLAIN, number)
        yield written(cells)


class Table:
    """The rows of a table with the line on which each ends; commas part its cells, or semicolons as in many Excels."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        numbered = texts(lines)
        _, first = next(numbered, (1, ""))
        delimiter = ";" if first.count(";") > first.count(",") else ","
        self._rows = csv.reader(chain([first], (text for _, text in numbered)), delimiter=delimiter, strict=True)
        self.names = [name.strip().lower() for name in self._next() or []]

    def __iter__(self) -> Iterator[tuple[int, Sequence[str]]]:
        while (cells := self._next()) is not None:
            if any(cells):
                yield self._rows.line_num, [plain(cell) for cell in cells]

    def _next(self) -> list[str] | None:
        try:
            return next(self._rows, None)
        except csv.Error:
            raise BadFile("this is not CSV: look for a quote that does not end", self._rows.line_num) from None


def _header(names: Sequence[str], user: str) -> Sequence[str]:
    """The columns, the user's by its proper name; BadFile unless each is one of ours."""
    header = [COLUMNS[0] if name == user else name for name in names]
    for place, name in enumerate(header, 1):
        if name not in (*COLUMNS, HEX):
            raise BadFile(f"column {place} is none of {', '.join(COLUMNS)}, {HEX}: rename it or take it out", 1)
    if len(set(header)) < len(header):
        raise BadFile("two columns have one name", 1)
    if COLUMNS[0] not in header or ("secret" in header) == (HEX in header):
        raise BadFile(f"the first line names the columns: the user's, secret or {HEX}, and maybe others", 1)
    return header


def _entry(header: Sequence[str], cells: Sequence[str]) -> Entry:
    if len(cells) > len(header):
        raise BadValue("the row has more cells than the first line names")
    said: Mapping[str, str] = dict(zip(header, cells, strict=False))
    type = values.type_of(said.get("type") or "totp")
    moving = said.get("counter", "")
    if type == "totp" and moving not in ("", "0"):
        raise BadValue("counter is of hotp alone: leave it empty")
    return Entry(
        values.named("user", said.get("user", "")),
        type,
        values.hexadecimal(said.get(HEX, "")) if HEX in header else values.base32(said.get("secret", "")),
        values.algorithm(said.get("algorithm", "")),
        values.digits(said.get("digits", "")),
        values.period_s(said.get("period_s", "")) if type == "totp" else None,
        values.counter(moving) if type == "hotp" else 0,
        values.maybe("label", said.get("label")),
        values.maybe("issuer", said.get("issuer")),
    )


def _cells(entry: Entry) -> Sequence[str]:
    secret = base64.b32encode(entry.secret).decode().rstrip("=")
    moving = ("", str(entry.counter)) if entry.type == "hotp" else (str(entry.period_s), "")
    shown = (entry.label or "", entry.issuer or "")
    return entry.user, entry.type, secret, entry.algorithm, str(entry.digits), *moving, *shown


def written(cells: Iterable[str]) -> bytes:
    """A row, in which no cell is a formula."""
    out = io.StringIO()
    csv.writer(out).writerow([harmless(cell) for cell in cells])
    return out.getvalue().encode()
