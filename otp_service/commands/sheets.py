"""What is handed out to people who were enrolled together: a table, a page for each to print, or a folder of pages."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import BinaryIO

from otp_service.domain.factors.files.csv import written
from otp_service.domain.times import rfc3339
from otp_service.service.factors.bulk import DAY_MS, Sheet
from otp_service.service.factors.pictures import qr_svg

COLUMNS = ("user", "label", "issuer", "factor", "secret", "uri", "confirm_by")
USUAL = ("SHA1", 6, 30)  # what apps take unless told otherwise
STYLE = """
body { font: 12pt/1.5 system-ui, sans-serif; color: #000; background: #fff; margin: 0 }
section { max-width: 32rem; margin: 0 auto; padding: 2rem; break-after: page }
svg.qr { width: 14rem; height: 14rem; display: block; margin: 1rem 0 }
code { font-size: 13pt; overflow-wrap: anywhere }
"""
Tell = Callable[[int], None]


def write_sheets(out: Path, sheets: list[Sheet], tell: Tell) -> None:
    """Writes the sheets: a table to `.csv`, one page a person to `.html`, else a folder of pages with its index."""
    shapes: dict[str, Callable[[list[Sheet]], Iterator[bytes]]] = {".csv": _table, ".html": _page}
    shape = shapes.get(out.suffix.lower())
    if shape is None:
        _folder(out, sheets, tell)
        return
    with private(out) as file:
        for done, piece in enumerate(shape(sheets)):
            file.write(piece)
            tell(done)


def discard(out: Path) -> None:
    """Takes back sheets whose factors were not made."""
    if out.is_dir():
        shutil.rmtree(out)
    else:
        out.unlink(missing_ok=True)


@contextmanager
def private(path: Path) -> Iterator[BinaryIO]:
    """A new file that its owner alone may read; it is there once it is whole, and not at all otherwise."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        # As root, /dev/stdout would be a file of secrets from then on.
        raise FileExistsError(errno.EEXIST, "a link, a pipe or a device stands there: name a new file")
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _folder(out: Path, sheets: list[Sheet], tell: Tell) -> None:
    out.mkdir(mode=0o700)
    try:
        _fill(out, sheets, tell)
    except BaseException:
        discard(out)
        raise


def _fill(out: Path, sheets: list[Sheet], tell: Tell) -> None:
    """Pages by number: a user's name may be no name for a file."""
    names = [f"{number:05}.html" for number in range(1, len(sheets) + 1)]
    for done, (name, sheet) in enumerate(zip(names, sheets, strict=True), 1):
        with private(out / name) as file:
            file.writelines(_page([sheet]))
        tell(done)
    with private(out / "index.csv") as file:
        file.write(written(("file", "user", "factor")))
        file.writelines(written((name, each.user, each.factor)) for name, each in zip(names, sheets, strict=True))


def _table(sheets: list[Sheet]) -> Iterator[bytes]:
    yield written(COLUMNS)
    for each in sheets:
        yield written((each.user, each.label, each.issuer, each.factor, each.secret, each.uri, _day(each) or ""))


def _page(sheets: list[Sheet]) -> Iterator[bytes]:
    head = f'<meta charset="utf-8"><title>Second factor</title><style>{STYLE}</style>'
    yield f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n'.encode()
    for sheet in sheets:
        yield f"<section>{_sheet(sheet)}</section>\n".encode()
    yield b"</body></html>\n"


def _sheet(sheet: Sheet) -> str:
    grouped = " ".join(sheet.secret[first : first + 4] for first in range(0, len(sheet.secret), 4))
    return (
        f"<h1>{escape(sheet.issuer)}</h1><p>For <strong>{escape(sheet.user)}</strong></p>"
        f"<p>Scan this with an authenticator app:</p>{qr_svg(sheet.uri)}"
        f"<p>Or type this key into it: <code>{escape(grouped)}</code></p>{_advice(sheet)}"
        "<p>Then destroy this sheet: whoever has it has your second factor.</p>"
    )


def _advice(sheet: Sheet) -> str:
    """What the person has to set who types the key, and by when a first code is due."""
    algorithm, digits, seconds = sheet.shape
    unusual = f"<p>With the key, choose {algorithm}, {digits} digits and {seconds} seconds.</p>"
    due = f"<p>It counts once you have typed a first code of it where you sign in, by {_day(sheet)} at the latest.</p>"
    return (unusual if sheet.shape != USUAL else "") + (due if sheet.confirm_by_ms else "")


def _day(sheet: Sheet) -> str | None:
    """The last whole day (UTC) on which a first code is taken."""
    return rfc3339(sheet.confirm_by_ms - DAY_MS)[:10] if sheet.confirm_by_ms else None
