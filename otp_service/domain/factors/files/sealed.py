"""`sealed`: the service's own format, which may lie on a disk: each factor sealed under a key from a passphrase.

The file is lines of JSON: a head with what the key is made of, a line per factor, and a trailer with their number.
Each line is AES-256-GCM with its position as the nonce (the salt, and with it the key, is new in every file), bound to
the head and to its position. The user is inside, beside the secret: neither can be seen, swapped, left out or moved.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from otp_service.domain.factors.files import values
from otp_service.domain.factors.files.rows import Asked, BadFile, BadValue, Entry, Given, Row, texts
from otp_service.domain.keys import NONCE_BYTES, b64, mac, unb64

FORMAT, VERSION = "otp-service-factors", 1
SALT_BYTES = 16
LEAST_PASSPHRASE = 12
LEAST_COST, MOST_COST = 2**10, 2**18  # 256 MiB of memory; a head can't ask for more
BLOCKS, LANES = 8, 1
_SHUT = "this does not open: the passphrase is another one, or the file is damaged"
_SAID = frozenset(Entry.__slots__)


def read(lines: Iterable[bytes], asked: Asked) -> Iterator[Row]:
    """The factors of a file; BadFile where it was changed, cut short or sealed under another passphrase."""
    numbered = texts(lines)
    _, first = next(numbered, (1, ""))
    box = _box(first, asked.passphrase)
    number, ended = 1, False
    for number, text in numbered:
        if ended:
            raise BadFile("the file goes on after its end", number)
        told = _opened(box, number, text)
        if ended := "count" in told:
            if told != {"count": number - 2}:
                raise BadFile(_SHUT, number)
        else:
            yield Row(number, _entry(number, told))
    if not ended:
        raise BadFile("the file is cut short: its end is missing", number)


def write(entries: Iterable[Entry], given: Given) -> Iterator[bytes]:
    """Head, factors, trailer; BadFile if the passphrase is short."""
    if len(given.passphrase) < LEAST_PASSPHRASE:
        raise BadFile(f"the passphrase must have {LEAST_PASSPHRASE} characters or more")
    head = {"format": FORMAT, "version": VERSION, "kdf": "scrypt", "n": given.cost, "r": BLOCKS, "p": LANES}
    first = json.dumps(head | {"salt": b64(given.salt)})
    box = _Box(_key(given.passphrase, given.salt, given.cost), first.encode())
    yield f"{first}\n".encode()
    position = 1
    for position, entry in enumerate(entries, 2):
        yield box.shut(position, _told(entry))
    yield box.shut(position + 1, {"count": position - 1})


@dataclass(frozen=True, slots=True)
class _Box:
    """The key of one file, and its head, to which every line is bound."""

    key: bytes = field(repr=False)
    head: bytes

    def shut(self, position: int, told: dict[str, Any]) -> bytes:
        said = json.dumps(told, ensure_ascii=False).encode()
        shut = AESGCM(self.key).encrypt(self._nonce(position), said, self._place(position))
        return f"{json.dumps(b64(shut))}\n".encode()

    def open(self, position: int, shut: bytes) -> bytes:
        return AESGCM(self.key).decrypt(self._nonce(position), shut, self._place(position))

    def _nonce(self, position: int) -> bytes:
        return position.to_bytes(NONCE_BYTES, "big")

    def _place(self, position: int) -> bytes:
        return mac(b"", FORMAT, self.head, str(position))


def _box(first: str, passphrase: str) -> _Box:
    head = _json(1, first)
    named = {"format": FORMAT, "version": VERSION, "kdf": "scrypt", "r": BLOCKS, "p": LANES}
    if not isinstance(head, dict) or {name: head.get(name) for name in named} != named:
        raise BadFile("this is no file of sealed factors, or one of a later release", 1)
    cost, salt = head.get("n"), _bytes(1, head.get("salt"))
    if type(cost) is not int or not LEAST_COST <= cost <= MOST_COST or cost & (cost - 1) or len(salt) != SALT_BYTES:
        raise BadFile("the head of the file is damaged", 1)
    return _Box(_key(passphrase, salt, cost), first.rstrip("\r\n").encode())


def _key(passphrase: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost, r=BLOCKS, p=LANES).derive(passphrase.encode())


def _opened(box: _Box, number: int, text: str) -> dict[str, Any]:
    shut = _bytes(number, _json(number, text))
    try:
        told = json.loads(box.open(number, shut))
    except (InvalidTag, ValueError):
        raise BadFile(_SHUT, number) from None
    if not isinstance(told, dict):
        raise BadFile(_SHUT, number)
    return told


def _told(entry: Entry) -> dict[str, Any]:
    return asdict(entry) | {"secret": base64.b32encode(entry.secret).decode()}


def _entry(number: int, told: dict[str, Any]) -> Entry:
    """Whoever sealed it may have been another release: what does not fit is told, and never half taken."""
    try:
        if set(told) != _SAID or not all(type(told[name]) is int for name in ("digits", "counter", "drift")):
            raise BadValue("fields")
        return values.seen(Entry(**told | {"secret": values.base32(told["secret"])}))
    except (BadValue, TypeError, AttributeError):
        raise BadFile("this factor is none that this release knows", number) from None


def _json(number: int, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadFile("this is no file of sealed factors: a line is not JSON", number) from None


def _bytes(number: int, value: object) -> bytes:
    try:
        return unb64(value) if isinstance(value, str) else b""
    except ValueError:
        raise BadFile("this is no file of sealed factors: a line is not base64", number) from None
