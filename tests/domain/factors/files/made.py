"""Files of factors made by hand, and what reading one comes to."""

from collections.abc import Iterable

from hypothesis import strategies as st

from otp_service.domain.factors.files import format_of
from otp_service.domain.factors.files.rows import Asked, Entry, Given, LeftOut, Row, Wrong

RFC_SECRET = b"12345678901234567890"
PASSPHRASE = "correct horse battery"
SALT = bytes(range(16))
GIVEN = Given(PASSPHRASE, SALT, 2**10)
ASKED = Asked(PASSPHRASE)

# What no format strips, and no person could confuse: a name without control characters and spaces around it.
names = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=40).filter(
    lambda text: text == text.strip()
)
_hotp = st.fixed_dictionaries({"type": st.just("hotp"), "period_s": st.none(), "counter": st.integers(0, 2**53 - 1)})
_totp = st.fixed_dictionaries({"type": st.just("totp"), "period_s": st.sampled_from([30, 60, 45])})
_common = st.fixed_dictionaries(
    {
        "user": names,
        "secret": st.binary(min_size=10, max_size=64),
        "algorithm": st.sampled_from(["SHA1", "SHA256", "SHA512"]),
        "digits": st.sampled_from([6, 7, 8]),
        "issuer": st.none() | names,
    }
)
entries = st.builds(lambda common, moving: Entry(**common, **moving), _common, _hotp | _totp)


def read(format: str, text: str | bytes, asked: Asked = ASKED) -> list[Row]:
    """The rows of a file."""
    data = text.encode() if isinstance(text, str) else text
    return list(format_of(format).read(data.splitlines(keepends=True), asked))


def found(format: str, text: str | bytes, asked: Asked = ASKED) -> list[Entry]:
    """The factors of a file in which nothing is wrong."""
    rows = read(format, text, asked)
    assert all(isinstance(row.found, Entry) for row in rows), rows
    return [row.found for row in rows if isinstance(row.found, Entry)]


def wrong(format: str, text: str | bytes, asked: Asked = ASKED) -> list[tuple[int, str]]:
    """What is wrong in a file, and on which lines."""
    return [(row.line, row.found.detail) for row in read(format, text, asked) if isinstance(row.found, Wrong)]


def left_out(format: str, text: str | bytes, asked: Asked = ASKED) -> list[str]:
    """Why rows of a file are passed over."""
    return [row.found.reason for row in read(format, text, asked) if isinstance(row.found, LeftOut)]


def written(format: str, some: Iterable[Entry], given: Given = GIVEN) -> bytes:
    """A file of these factors."""
    return b"".join(format_of(format).write(some, given))
