"""The values of a factor as files spell them; BadValue says what one must look like and never what it was."""

import base64
import binascii
import re

from otp_service.domain.factors.codes import ALGORITHMS, DIGITS
from otp_service.domain.factors.files.rows import BadValue, Entry, Type

LEAST_SECRET, MOST_SECRET = 10, 128  # bytes; 80 bits are what the first authenticator apps had
MOST_USER = 128
MOST_COUNTER = 2**53 - 1  # what JSON carries; a token that is pressed every second needs 285 million years
MOST_DRIFT = 10_000  # steps
PERIODS_S = range(10, 301)
_UNWELCOME = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SPELT = re.compile(r"(?:HMAC)?-?(SHA)-?(1|256|512)", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,16}", re.ASCII)
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+", re.ASCII)


def named(field: str, text: str) -> str:
    """A user, or what an app shows."""
    if not 1 <= len(text) <= MOST_USER:
        raise BadValue(f"{field} must have 1 to {MOST_USER} characters")
    if _UNWELCOME.search(text):
        raise BadValue(f"{field} must not contain control characters")
    return text


def maybe(field: str, text: str | None) -> str | None:
    """The same where there may be none."""
    return named(field, text) if text else None


def type_of(text: str) -> Type:
    """TOTP or HOTP."""
    match text.strip().lower():
        case "totp":
            return "totp"
        case "hotp":
            return "hotp"
    raise BadValue("type must be totp or hotp")


def base32(text: str) -> bytes:
    """A secret in base32, in small letters or capitals, in groups or not, with or without its padding."""
    bare = re.sub(r"[\s-]", "", text).rstrip("=")
    try:
        # Capitals of ASCII alone: `upper` makes a letter of base32 of some that are none.
        raw = base64.b32decode(bare.encode("ascii").upper() + b"=" * (-len(bare) % 8))
    except (binascii.Error, ValueError):
        raise BadValue("secret must be base32: the letters A to Z and the digits 2 to 7") from None
    return secret(raw)


def hexadecimal(text: str) -> bytes:
    """A secret in hexadecimal digits."""
    if not _HEX.fullmatch(text):
        raise BadValue("secret_hex must be pairs of hexadecimal digits")
    return secret(bytes.fromhex(text))


def either(text: str) -> bytes:
    """A secret in hexadecimal if it can be that, else in base32.

    One of 160 bits in base32 looks like hexadecimal once in 10^13 times: 32 characters, each one of 12 among 32.
    """
    return hexadecimal(text) if _HEX.fullmatch(text) else base32(text)


def secret(raw: bytes) -> bytes:
    """A secret of a length that makes sense."""
    if not LEAST_SECRET <= len(raw) <= MOST_SECRET:
        raise BadValue(f"secret must have {LEAST_SECRET * 8} to {MOST_SECRET * 8} bits")
    return raw


def algorithm(text: str) -> str:
    """A hash by any of its common spellings; SHA1 if nothing is said."""
    found = _SPELT.fullmatch(text.strip().upper() or "SHA1")
    name = found and "".join(found.groups())
    if name not in ALGORITHMS:
        raise BadValue(f"algorithm must be one of {', '.join(ALGORITHMS)}")
    return name


def digits(text: str) -> int:
    """How many digits a code has; 6 if nothing is said."""
    found = number("digits", text or "6", DIGITS[-1])
    if found not in DIGITS:
        raise BadValue(f"digits must be {DIGITS[0]} to {DIGITS[-1]}")
    return found


def period_s(text: str) -> int:
    """How long a code of TOTP lasts; 30 if nothing is said."""
    found = number("period_s", text or "30", PERIODS_S[-1])
    if found not in PERIODS_S:
        raise BadValue(f"period_s must be {PERIODS_S[0]} to {PERIODS_S[-1]} seconds")
    return found


def counter(text: str) -> int:
    """The next counter of a HOTP token, which must be said: from 0 on, codes that were used would be good again."""
    if not text:
        raise BadValue("counter must be said of hotp: it is the next one that the token shows")
    return number("counter", text, MOST_COUNTER)


def number(field: str, text: str, most: int) -> int:
    """A number in ASCII digits."""
    if not _NUMBER.fullmatch(text) or int(text) > most:
        raise BadValue(f"{field} must be a number up to {most}")
    return int(text)


def drift(seconds: float, period: int) -> int:
    """How many steps a clock is ahead."""
    steps = round(seconds / period)
    if abs(steps) > MOST_DRIFT:
        raise BadValue(f"the clock's drift must be {MOST_DRIFT} periods at most")
    return steps


def plain(*names: str | None) -> bool:
    """Whether names come back from formats that strip what stands around them and know no control characters."""
    return all(not name or (name == name.strip() and not _UNWELCOME.search(name)) for name in names)


def seen(entry: Entry) -> Entry:
    """The same entry, if it can be a factor; for a format that carries names as they are."""
    if not all(1 <= len(name) <= MOST_USER for name in (entry.user, entry.label, entry.issuer) if name is not None):
        raise BadValue(f"names must have 1 to {MOST_USER} characters")
    secret(entry.secret)
    algorithm(entry.algorithm)
    digits(str(entry.digits))
    number("counter", str(entry.counter), MOST_COUNTER)
    if type_of(entry.type) == "totp":
        period_s(str(entry.period_s))
    elif entry.period_s is not None:
        raise BadValue("period_s is of totp alone")
    drift(entry.drift, 1)
    return entry
