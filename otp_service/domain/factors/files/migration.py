"""`migration`: what Google Authenticator exports, one `otpauth-migration://offline?data=...` a line.

Google has published no schema; the field numbers are those that apps which read it agree on:
https://github.com/beemdevelopment/Aegis/blob/master/app/src/main/proto/google_auth.proto and
https://github.com/scito/extract_otp_secrets/blob/master/src/google_auth.proto. It knows no period: TOTP has 30 s.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import quote, unquote

from otp_service.domain.factors.files import protobuf, values
from otp_service.domain.factors.files.rows import (
    NOT_PLAIN,
    Asked,
    BadFile,
    BadValue,
    Entry,
    Given,
    Row,
    Type,
    Wrong,
    meant,
    row,
)

BEGINNING = "otpauth-migration://offline?data="
ENTRIES, VERSION, BATCH_SIZE, BATCH_INDEX, BATCH_ID = range(1, 6)
SECRET, NAME, ISSUER, ALGORITHM, DIGITS, TYPE, COUNTER = range(1, 8)
# 0 is "not said", which the app itself takes for its defaults; what stands first is what is written.
ALGORITHMS = {1: "SHA1", 2: "SHA256", 3: "SHA512", 0: "SHA1"}
LENGTHS = {1: 6, 2: 8, 3: 7, 0: 6}
TYPES: dict[int, Type] = {1: "hotp", 2: "totp", 0: "totp"}
A_CODE = 10  # factors in one QR code, as the app has it
PERIOD_S = 30


def read(lines: Iterable[bytes], asked: Asked) -> Iterator[Row]:
    """The factors of every batch; a batch that is missing among those of its export is told at the end."""
    batches: dict[int, tuple[int, set[int]]] = {}
    number = 0
    for number, line in meant(lines):
        try:
            payload = list(protobuf.fields(_data(line)))
        except BadValue as error:
            yield Row(number, Wrong(str(error)))
            continue
        _note(batches, _numbers(payload))
        for field, message in payload:
            if field == ENTRIES:
                yield row(number, lambda message=message: _entry(message))  # type: ignore[misc]
    if any(len(seen) < size for size, seen in batches.values()):
        yield Row(number, Wrong("a QR code of this export is missing: add the line of each of them"))


def write(entries: Iterable[Entry], given: Given) -> Iterator[bytes]:
    """A line per ten factors, each a batch of its own, since how many will come is not known."""
    left = enumerate(entries, 1)
    while some := list(islice(left, A_CODE)):
        messages = b"".join(protobuf.data(ENTRIES, _message(number, entry)) for number, entry in some)
        # Unlike one another, so that no app takes them for parts of one export.
        id = int.from_bytes(hashlib.sha256(messages).digest()[:3], "big")
        alone = [(VERSION, 1), (BATCH_SIZE, 1), (BATCH_INDEX, 0), (BATCH_ID, id)]
        payload = messages + b"".join(protobuf.number(field, value) for field, value in alone)
        yield f"{BEGINNING}{quote(base64.b64encode(payload).decode(), safe='')}\n".encode()


def _data(line: str) -> bytes:
    if not line.startswith(BEGINNING):
        raise BadValue("a line must begin with otpauth-migration://offline?data=")
    # A plus is a plus here: some readers of QR codes hand out base64 that is not percent-encoded.
    text = unquote(line.removeprefix(BEGINNING).partition("&")[0]).replace(" ", "+")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=_altchars(text), validate=True)
    except (binascii.Error, ValueError):
        raise BadValue("the data is not base64: copy the whole line") from None


def _altchars(text: str) -> bytes:
    return b"-_" if "-" in text or "_" in text else b"+/"


def _entry(message: int | bytes) -> Entry:
    if isinstance(message, int):
        raise BadValue("the data holds something else than factors")
    said: dict[int, int | bytes] = dict(protobuf.fields(message))
    type = _of(TYPES, said, TYPE, "type must be totp or hotp")
    user, issuer = _names(_text(said, NAME), _text(said, ISSUER))
    return Entry(
        values.named("the account", user),
        type,
        values.secret(_bytes(said, SECRET)),
        _of(ALGORITHMS, said, ALGORITHM, "algorithm must be one of SHA1, SHA256, SHA512"),
        _of(LENGTHS, said, DIGITS, "digits must be 6 to 8"),
        PERIOD_S if type == "totp" else None,
        _number(said, COUNTER, values.MOST_COUNTER) if type == "hotp" else 0,
        issuer=values.maybe("issuer", issuer or None),
    )


def _names(account: str, issuer: str) -> tuple[str, str]:
    """The app repeats the issuer in front of the account, as key URIs do."""
    bare = account.removeprefix(f"{issuer}:") if issuer else account
    return bare.strip(), issuer.strip()


def _message(line: int, entry: Entry) -> bytes:
    if entry.period_s not in (PERIOD_S, None):
        raise BadFile(f"this format knows no period but {PERIOD_S} s: take another", line)
    if not values.plain(entry.user, entry.issuer):
        raise BadFile(NOT_PLAIN, line)
    account = f"{entry.issuer}:{entry.user}" if entry.issuer else entry.user
    counter = protobuf.number(COUNTER, entry.counter) if entry.type == "hotp" else b""
    return (
        protobuf.data(SECRET, entry.secret)
        + protobuf.data(NAME, account.encode())
        + protobuf.data(ISSUER, (entry.issuer or "").encode())
        + protobuf.number(ALGORITHM, _by(ALGORITHMS, entry.algorithm))
        + protobuf.number(DIGITS, _by(LENGTHS, entry.digits))
        + protobuf.number(TYPE, _by(TYPES, entry.type))
        + counter
    )


def _note(batches: dict[int, tuple[int, set[int]]], said: dict[int, int]) -> None:
    size = said.get(BATCH_SIZE, 1)
    _, seen = batches.setdefault(said.get(BATCH_ID, 0), (size, set()))
    seen.add(said.get(BATCH_INDEX, 0))


def _numbers(payload: Iterable[tuple[int, int | bytes]]) -> dict[int, int]:
    return {field: value for field, value in payload if isinstance(value, int)}


def _of(table: Mapping[int, Any], said: Mapping[int, int | bytes], field: int, otherwise: str) -> Any:
    value = said.get(field, 0)
    if not isinstance(value, int) or value not in table:
        raise BadValue(otherwise)
    return table[value]


def _by(table: Mapping[int, Any], value: object) -> int:
    return next(number for number, each in table.items() if each == value)


def _number(said: Mapping[int, int | bytes], field: int, most: int) -> int:
    value = said.get(field, 0)
    if not isinstance(value, int) or value > most:
        raise BadValue(f"counter must be a number up to {most}")
    return value


def _bytes(said: Mapping[int, int | bytes], field: int) -> bytes:
    value = said.get(field, b"")
    if isinstance(value, int):
        raise BadValue("the data holds a number where text belongs")
    return value


def _text(said: Mapping[int, int | bytes], field: int) -> str:
    try:
        return _bytes(said, field).decode()
    except UnicodeDecodeError:
        raise BadValue("a name is not UTF-8") from None
