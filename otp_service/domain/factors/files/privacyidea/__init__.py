"""`privacyidea`: its token exports, told apart by how they begin: `pi` (encrypted JSON), YAML, PSKC and CSV.

Source: privacyidea/cli/pitokenjanitor/utils/findtokens.py and privacyidea/lib/importotp.py of privacyIDEA 3.14.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from otp_service.domain.factors.files.privacyidea import pskc, table, tokens
from otp_service.domain.factors.files.rows import Asked, BadFile, Entry, Given, Row

MOST_BYTES = 256 * 1024 * 1024  # of an encrypted export, which opens as a whole or not at all
_LOOKED_AT = 8  # lines that may be empty or comments


def read(lines: Iterable[bytes], asked: Asked) -> Iterator[Row]:
    """A factor per token that can be one here; the others are left out, with the reason."""
    begun: list[bytes] = []
    rest = iter(lines)
    for line in rest:
        begun.append(line)
        if line.strip(b"\xef\xbb\xbf \t\r\n") or len(begun) > _LOOKED_AT:
            break
    first = begun[-1].lstrip(b"\xef\xbb\xbf \t") if begun else b""
    every = chain(begun, rest)
    if first.startswith(b"<"):
        return pskc.read(every, asked)
    if first.startswith(b"gAAAA"):  # version, and a time before 2106: https://github.com/fernet/spec
        return tokens.read_encrypted(_whole(every), asked)
    if first.startswith((b"-", b"[")):
        return tokens.read(every, asked)
    return table.read(every, asked)


def write(entries: Iterable[Entry], given: Given) -> Iterator[bytes]:
    """Not at all: privacyIDEA reads `csv` of another kind, and key URIs."""
    raise BadFile("this format is read only: export as otpauth, csv or sealed")


def _whole(lines: Iterable[bytes]) -> bytes:
    whole = bytearray()
    for line in lines:
        whole += line
        if len(whole) > MOST_BYTES:
            raise BadFile(f"an encrypted export may have at most {MOST_BYTES // 1024**2} MiB: export in parts")
    return bytes(whole)
