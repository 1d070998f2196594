"""PSKC (RFC 6030) as privacyIDEA writes it: tags in small letters, secrets under a pre-shared key, and no users.

XML is read as events: a document type, and with it every entity, is refused where it begins.
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Iterable, Iterator
from xml.parsers import expat

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from otp_service.domain.factors.files import values
from otp_service.domain.factors.files.privacyidea.owners import SERIAL, Owners
from otp_service.domain.factors.files.rows import Asked, BadFile, BadValue, Entry, LeftOut, Row, row

Said = dict[str, str]  # "data/secret/plainvalue" -> its text; "algorithm" of the key is "key@algorithm"
PACKAGE, MAC_KEY = "keypackage", "keycontainer/macmethod/mackey/cipherdata/ciphervalue"
DEEPEST, MOST_TEXT = 32, 16 * 1024
KEY_BYTES, BLOCK = 16, 16
_SECRET = "key/data/secret"  # noqa: S105


def read(lines: Iterable[bytes], asked: Asked) -> Iterator[Row]:
    """A factor per key package; since the file names no users, the serial or the description stands for one."""
    owners, found = Owners(asked, SERIAL), _Packages()
    if owners.taken_from in ("login", "owner"):
        raise BadFile("PSKC names no users: take them from serial or description, or export as pi or YAML")
    for line in lines:
        yield from (row(number, _taken(owners, asked, found, said)) for number, said in found.feed(line))
    found.close()


def _taken(owners: Owners, asked: Asked, file: "_Packages", said: Said) -> Callable[[], Entry | LeftOut]:
    return lambda: _entry(owners, asked.passphrase.strip(), file.outside.get(MAC_KEY, ""), said)


def _entry(owners: Owners, key: str, mac_key: str, said: Said) -> Entry | LeftOut:
    name = said.get("key@algorithm", "").rpartition(":")[2].lower()
    if name not in ("totp", "hotp"):
        return LeftOut("of another type")
    type = values.type_of(name)
    told = {"serial": said.get("deviceinfo/serialno", ""), "description": said.get("deviceinfo/manufacturer", "")}
    period = values.period_s(_plain(said, "timeinterval")) if type == "totp" else None
    drift = values.number("timedrift", _plain(said, "timedrift").lstrip("-").partition(".")[0] or "0", 10_000)
    sign = -1 if _plain(said, "timedrift").startswith("-") else 1
    return Entry(
        values.named("the user", owners.user(told)),
        type,
        values.secret(_secret(said, key, mac_key)),
        values.algorithm(said.get("key/algorithmparameters/suite@hashalgo") or _suite(said)),
        values.digits(said.get("key/algorithmparameters/responseformat@length", "")),
        period,
        values.counter(_plain(said, "counter")) if type == "hotp" else 0,
        drift=values.drift(sign * drift, period) if period else 0,
    )


def _suite(said: Said) -> str:
    return said.get("key/algorithmparameters/suite", "")


def _plain(said: Said, name: str) -> str:
    found = said.get(f"key/data/{name}/plainvalue", "")
    return "" if found == "None" else found


def _secret(said: Said, key: str, mac_key: str) -> bytes:
    plain = said.get(f"{_SECRET}/plainvalue")
    if plain is not None:
        return _unb64(plain)
    shut = _unb64(said.get(f"{_SECRET}/encryptedvalue/cipherdata/ciphervalue", ""))
    if not said.get(f"{_SECRET}/encryptedvalue/encryptionmethod@algorithm", "").endswith("#aes128-cbc"):
        raise BadValue("secret must be sealed with AES-128-CBC")
    authentic = hmac.digest(_opened(key, _unb64(mac_key)), shut, "sha1")
    if not hmac.compare_digest(authentic, _unb64(said.get(f"{_SECRET}/valuemac") or said.get("key/data/valuemac", ""))):
        raise BadValue("the MAC does not fit: the key is another one, or the file is damaged")
    return _opened(key, shut)


def _opened(key: str, shut: bytes) -> bytes:
    """What AES-128-CBC sealed, its IV in front."""
    try:
        raw = bytes.fromhex(key)
    except ValueError:
        raw = b""
    if len(raw) != KEY_BYTES:
        raise BadValue("the key must be the one that privacyIDEA told at the export: 32 hexadecimal digits")
    if len(shut) < 2 * BLOCK or len(shut) % BLOCK:
        raise BadValue("a sealed value is cut short, or there is no MAC key")
    cipher = Cipher(AES(raw), CBC(shut[:BLOCK])).decryptor()
    unpadder = PKCS7(AES.block_size).unpadder()
    try:
        return unpadder.update(cipher.update(shut[BLOCK:]) + cipher.finalize()) + unpadder.finalize()
    except ValueError:
        raise BadValue("the key does not open this file") from None


def _unb64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadValue("a value is not base64") from None


class _Packages:
    """The key packages of a file as they come by, and what stood outside of them."""

    def __init__(self) -> None:
        self.outside: Said = {}
        self._done: list[tuple[int, Said]] = []
        self._path: list[str] = []
        self._package: Said | None = None
        self._depth = self._line = 0
        self._text = ""
        self._parser = parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._refused
        parser.StartElementHandler, parser.EndElementHandler = self._begin, self._end
        parser.CharacterDataHandler = self._said

    def feed(self, data: bytes) -> list[tuple[int, Said]]:
        """The packages that end in this piece, each with the line on which it begins."""
        self._parse(data, False)
        done, self._done = self._done, []
        return done

    def close(self) -> None:
        """Ends the file; BadFile if it was cut short."""
        self._parse(b"", True)

    def _parse(self, data: bytes, last: bool) -> None:
        try:
            self._parser.Parse(data, last)
        except (expat.ExpatError, ValueError, LookupError):  # the last two of an encoding that nobody knows
            raise BadFile("this is not XML: copy the file whole, one export per file", self._at) from None

    @property
    def _at(self) -> int:
        return int(self._parser.CurrentLineNumber)

    def _begin(self, name: str, attributes: Said) -> None:
        self._path.append(name.rpartition(":")[2].lower())
        if len(self._path) > DEEPEST:
            raise BadFile("this is nested deeper than PSKC is", self._at)
        self._text = ""
        if self._path[-1] == PACKAGE:
            self._package, self._depth, self._line = {}, len(self._path), self._at
        elif self._package is not None:
            here = "/".join(self._path[self._depth :])
            self._package |= {f"{here}@{name.lower()}": value for name, value in attributes.items()}

    def _end(self, name: str) -> None:
        text = self._text.strip()
        if self._package is None:
            if "/".join(self._path) == MAC_KEY:
                self.outside[MAC_KEY] = text
        elif self._path[-1] == PACKAGE:
            self._done.append((self._line, self._package))
            self._package = None
        elif text:
            self._package["/".join(self._path[self._depth :])] = text
        self._path.pop()
        self._text = ""

    def _said(self, text: str) -> None:
        self._text += text
        if len(self._text) > MOST_TEXT:
            raise BadFile("a value is longer than those of PSKC", self._at)

    def _refused(self, *_: object) -> None:
        raise BadFile("a document type has no place in PSKC: take it out", self._at)
