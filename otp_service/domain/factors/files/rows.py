"""What a file of factors holds, row by row: entries, rows that are wrong, and rows that are none of ours."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

Type = Literal["totp", "hotp"]
NOT_PLAIN = "this format carries no control characters, and no spaces around a name: take another"
MOST_LINE = 64 * 1024  # bytes; a migration URI of Google Authenticator has under 4 KiB


@dataclass(frozen=True, slots=True)
class Entry:
    """One factor as it travels between services; only `sealed` carries all of it."""

    user: str
    type: Type
    secret: bytes = field(repr=False)
    algorithm: str = "SHA1"
    digits: int = 6
    period_s: int | None = 30  # None of HOTP
    counter: int = 0  # of HOTP the next; of TOTP the newest step known to be accepted, 0 if the file does not know
    label: str | None = None  # None: the user
    issuer: str | None = None
    drift: int = 0  # steps that the device's clock is ahead


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a row can't be taken, and what to mend; never what stood there."""

    detail: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why a row is passed over: it is well, but nothing that this service would take over."""

    reason: str


class Row(NamedTuple):
    """A row with the line on which it begins, or its number where the file has no lines."""

    line: int
    found: Entry | Wrong | LeftOut


class BadFile(Exception):
    """A file that can't be read to its end, or entries that a format can't carry; the one error of readers and writers.

    It says where and what to do, and never what stood there.
    """

    def __init__(self, detail: str, line: int | None = None) -> None:
        super().__init__(detail if line is None else f"line {line}: {detail}")
        self.detail = detail
        self.line = line


class BadValue(ValueError):
    """One value that is none of its kind; turned into a Wrong by whoever knows the row."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader is told beside the file: a passphrase or key, and where it finds whose factor it is."""

    passphrase: str = field(default="", repr=False)
    user_from: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """What a writer is given beside the entries: a passphrase, fresh salt, and the cost of the key from them."""

    passphrase: str = field(default="", repr=False)
    salt: bytes = b""
    cost: int = 2**17  # scrypt's N: 128 MiB and about half a second (OWASP, "Password Storage")


class Format(Protocol):
    """One format: a module of this folder. Lines come and go as bytes, so that a file of any size passes through."""

    def read(self, lines: Iterable[bytes], asked: Asked) -> Iterator[Row]:
        """The rows of a file; BadFile where it can't be read on."""

    def write(self, entries: Iterable[Entry], given: Given) -> Iterator[bytes]:
        """The pieces of a file that holds these entries; BadFile for one that this format can't carry."""


def row(line: int, read: Callable[[], Entry | LeftOut]) -> Row:
    """What `read` finds, or why it finds nothing."""
    try:
        return Row(line, read())
    except BadValue as error:
        return Row(line, Wrong(str(error)))


def texts(lines: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    """The lines of a file as text, numbered from 1; BadFile if one is too long or not UTF-8."""
    for number, line in enumerate(lines, 1):
        if len(line) > MOST_LINE:
            raise BadFile(f"a line may have at most {MOST_LINE // 1024} KiB", number)
        try:
            text = line.decode()
        except UnicodeDecodeError:
            raise BadFile("this is not UTF-8: save the file as UTF-8", number) from None
        yield number, text.removeprefix("\ufeff") if number == 1 else text


def meant(lines: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    """The lines that say something: neither empty nor a comment."""
    for number, text in texts(lines):
        said = text.strip()
        if said and not said.startswith("#"):
            yield number, said
