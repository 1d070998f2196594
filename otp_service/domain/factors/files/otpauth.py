"""`otpauth`: one key URI a line, as QR codes hold it.

Source: https://github.com/google/google-authenticator/wiki/Key-Uri-Format. The account in the label is the user.
"""

import base64
from collections.abc import Iterable, Iterator
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from otp_service.domain.factors.files import values
from otp_service.domain.factors.files.rows import (
    NOT_PLAIN,
    Asked,
    BadFile,
    BadValue,
    Entry,
    Given,
    Row,
    Type,
    meant,
    row,
)

SCHEME = "otpauth"
KNOWN = frozenset({"secret", "issuer", "algorithm", "digits", "period", "counter"})
MOST_PARAMETERS = 32


def read(lines: Iterable[bytes], asked: Asked) -> Iterator[Row]:
    """A factor per line; parameters beyond the six of the format are the app's own and say nothing here."""
    for number, line in meant(lines):
        yield row(number, lambda uri=line: parsed(uri))  # type: ignore[misc]


def write(entries: Iterable[Entry], given: Given) -> Iterator[bytes]:
    """A line per factor; its label is the user, which other services find it by."""
    for number, entry in enumerate(entries, 1):
        if not values.plain(entry.user, entry.issuer):
            raise BadFile(NOT_PLAIN, number)
        yield f"{uri(entry)}\n".encode()


def parsed(uri: str) -> Entry:
    """The factor of one URI."""
    parts = _parts(uri)
    type = values.type_of(parts.netloc)
    said = _parameters(parts.query)
    user, issuer = _names(parts.path.removeprefix("/"), said.get("issuer"))
    return Entry(
        values.named("the account", user),
        type,
        values.base32(said.get("secret", "")),
        values.algorithm(said.get("algorithm", "")),
        values.digits(said.get("digits", "")),
        *_moving(type, said),
        issuer=values.maybe("issuer", issuer),
    )


def uri(entry: Entry) -> str:
    """The URI of one factor, every parameter said."""
    label = quote(entry.user, safe="@")
    if entry.issuer:
        label = f"{quote(entry.issuer, safe='')}:{label}"
    secret = base64.b32encode(entry.secret).decode().rstrip("=")
    said = {"secret": secret, "issuer": entry.issuer or "", "algorithm": entry.algorithm, "digits": entry.digits}
    moving = {"period": entry.period_s} if entry.type == "totp" else {"counter": entry.counter}
    return f"{SCHEME}://{entry.type}/{label}?{urlencode(said | moving, quote_via=quote)}"


def _parts(uri: str) -> SplitResult:
    try:
        parts = urlsplit(uri)
    except ValueError:  # an address that is none
        raise BadValue("this is no otpauth:// URI") from None
    if parts.scheme != SCHEME:
        raise BadValue("a line must begin with otpauth://totp/ or otpauth://hotp/")
    return parts


def _parameters(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise BadValue(f"the parameters must be UTF-8, and {MOST_PARAMETERS} at most") from None
    found = {name.lower(): value for name, value in pairs if name.lower() in KNOWN}
    if len(found) < sum(name.lower() in KNOWN for name, _ in pairs):
        raise BadValue("a parameter is given twice")
    return found


def _names(label: str, issuer: str | None) -> tuple[str, str | None]:
    """The account and the issuer. A prefix that is spelt otherwise than the parameter is a prefix all the same."""
    try:
        said = unquote(label, errors="strict")
    except UnicodeDecodeError:
        raise BadValue("the label must be percent-encoded UTF-8") from None
    if issuer == "":  # no prefix, then: an account may have a colon
        return said.strip(), None
    if issuer and said.startswith(f"{issuer}:"):
        return said[len(issuer) + 1 :].strip(), issuer
    prefix, colon, account = said.partition(":")
    return (account.strip(), issuer or prefix.strip()) if colon else (said.strip(), issuer)


def _moving(type: Type, said: dict[str, str]) -> tuple[int | None, int]:
    if type == "hotp":
        return None, values.counter(said.get("counter", ""))
    return values.period_s(said.get("period", "")), 0
