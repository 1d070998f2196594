"""What people type and paste into a page, as the service reads it.

The API takes ASCII alone. Keyboards for Arabic, Hindi or Japanese write other digits, and messages are copied with
their spaces: a page reads them as what they mean, before anything is paid for or compared.
"""

import unicodedata

MOST_TYPED = 64
RECOVERY_LETTERS = 16
# Recovery codes are base32, which has none of these digits: they can only be letters that were misread (RFC 4648, 6).
_MISREAD = str.maketrans("018", "OIB")
_DROPPED = frozenset({"Zs", "Cc", "Cf", "Pd"})  # spaces, control characters, marks of direction, dashes


def as_code(text: str) -> str:
    """A code in ASCII capitals and digits, as far as it can be read so."""
    wide = unicodedata.normalize("NFKC", text[:MOST_TYPED])
    return "".join(_digit(each) for each in wide if unicodedata.category(each) not in _DROPPED).upper()


def as_recovery_code(text: str) -> str:
    """The same of what was typed where a recovery code is asked for; a code of an app stays what it is."""
    code = as_code(text)
    return code.translate(_MISREAD) if len(code) == RECOVERY_LETTERS else code


def _digit(symbol: str) -> str:
    value = unicodedata.decimal(symbol, None)
    return symbol if value is None else str(value)
