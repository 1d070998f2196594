"""Blocks and allows: who gets no codes, and whom the brake lets pass."""

from typing import Annotated, Literal

from flask import Response, g, request
from pydantic import BaseModel, Field
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from otp_service.domain.errors import invalid_field
from otp_service.ledger.affected import Affected
from otp_service.ledger.blocks import ALLOWS, BLOCKS, KINDS, Block, Book, Kind
from otp_service.service.admin import block_files
from otp_service.service.admin import blocks as service
from otp_service.service.admin.blocks import Wanted
from otp_service.service.console import blocking, rows
from otp_service.service.core import now_ms
from otp_service.web.console.frame import act, actor, application_filter, back, core, form, page, piece, render

A_PAGE = 50
BOOKS: dict[str, Book] = {"blocks": BLOCKS, "allows": ALLOWS}
KIND_WORDS = (
    ("number", "a number"),
    ("prefix", "all numbers that begin so"),
    ("country", "a country"),
    ("ip", "a client address"),
    ("network", "a client network"),
    ("user", "a user of one application"),
)
ENDS = (
    ("", "never"),
    ("3600", "in an hour"),
    ("86400", "in a day"),
    ("604800", "in a week"),
    ("2592000", "in 30 days"),
)


class New(BaseModel):
    """A block or an allow as it is typed."""

    book: Literal["blocks", "allows"] = "blocks"
    kind: Kind
    value: Annotated[str, Field(max_length=128)]
    of: str | None = None
    reason: str = ""
    ends_in_s: int | None = None


class OfBook(BaseModel):
    """Which list."""

    book: Literal["blocks", "allows"] = "blocks"
    id: str = ""
    reason: str = ""


@page("/blocks", title="Blocks", nav="Blocks")
def blocks() -> Response:
    """A page of blocks or of allows, and the form for another."""
    return _drawn()


@act("/blocks/preview", role="viewer", shows=blocks)
def preview() -> AnyResponse:
    """Tells whom a block or an allow would have met, and makes none."""
    typed: New = form(New)
    g.typed = MultiDict(request.form)
    met = blocking.would_have_met(core(), typed.kind, typed.value, typed.of)
    return _drawn(met=met, asked=True)


@act("/blocks", role="fraud", shows=blocks)
def add() -> AnyResponse:
    """Writes a row into a list."""
    typed: New = form(New)
    ends = now_ms() + typed.ends_in_s * 1000 if typed.ends_in_s else None
    book = BOOKS[typed.book]
    service.create(
        core(), actor(), typed.kind, typed.value, typed.reason, application=typed.of, expires_ms=ends, book=book
    )
    return back("Blocked from now on." if book is BLOCKS else "Allowed from now on.")


@act("/blocks/remove", role="fraud", shows=blocks)
def remove() -> AnyResponse:
    """Takes a row out of a list."""
    typed: OfBook = form(OfBook)
    service.delete(core(), actor(), typed.id, BOOKS[typed.book])
    return back(f"The {BOOKS[typed.book].word} is lifted.")


@act("/blocks/import", role="fraud", shows=blocks)
def import_() -> AnyResponse:
    """Puts every row of a CSV file into a list, or none of them."""
    typed: OfBook = form(OfBook)
    found = block_files.import_csv(core(), actor(), _file(), BOOKS[typed.book])
    return back(f"{found.added} rows are new, {found.changed} changed, {found.unchanged} were known.")


@piece("/blocks/export")
def export() -> Response:
    """A list as CSV, numbers and names masked."""
    book = BOOKS[_book()]
    return _csv(book, in_full=False)


@act("/blocks/export", role="fraud", shows=blocks)
def export_in_full() -> AnyResponse:
    """A list as CSV with its numbers and names, which is audited with the reason."""
    typed: OfBook = form(OfBook)
    book = BOOKS[typed.book]
    service.look(core(), actor(), typed.reason, book=book)
    return _csv(book, in_full=True)


def _csv(book: Book, *, in_full: bool) -> Response:
    lines = rows.exported(core(), book, in_full=in_full)
    headers = {"Content-Disposition": f'attachment; filename="{book.word}s.csv"'}
    return Response(lines, content_type="text/csv; charset=utf-8", headers=headers)


def _drawn(met: Affected | None = None, *, asked: bool = False) -> Response:
    """The page, with whom what was typed would have met."""
    book = _book()
    kind = request.args.get("kind", "")
    of = application_filter()
    wanted = Wanted(application=of, kind=kind if kind in KINDS else None)
    found = service.page(core(), A_PAGE, request.args.get("cursor") or None, wanted=wanted, book=BOOKS[book])
    return render(
        "blocks.html",
        book=book,
        word=BOOKS[book].word,
        found=found,
        shown=_shown,
        kind=kind,
        kinds=KIND_WORDS,
        ends=ENDS,
        met=met,
        asked=asked,
        value=request.args.get("value", ""),
        title="Blocks" if book == "blocks" else "Allows",
    )


def _book() -> str:
    wanted = request.form.get("book") or request.args.get("book", "blocks")
    return wanted if wanted in BOOKS else "blocks"


def _shown(row: Block) -> str:
    return rows.shown(core(), row) or "(its key is gone)"


def _file() -> str:
    """The uploaded file's text."""
    given = request.files.get("file")
    try:
        text = given.read().decode() if given else ""
    except UnicodeDecodeError:
        raise invalid_field("file", "must be UTF-8 text") from None
    if not text.strip():
        raise invalid_field("file", "choose a CSV file with the columns kind, value, reason", "missing")
    return text
