"""What phones turn into a link, however it is disguised: templates and what is filled into them may have none."""

import re
import unicodedata

# One letter after the dot is none (S.p.A., e.V, ر.س), nor are digits (12.50).
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_LINK = re.compile(
    rf"""
    ://
    | \bwww\.
    | [^\s.] \. [^\W\d_] [^\s.,;:!?)]           # a dot in a word
    | [^\s。] 。 [a-z]{{2}}                      # the ideographic full stop is a dot in host names too (UTS 46)
    | (?<![\d.]) (?:{_OCTET}\.){{3}} {_OCTET} (?!\d)
    """,
    re.IGNORECASE | re.VERBOSE,
)

# Default_Ignorable_Code_Point, DerivedCoreProperties.txt of Unicode 16: what no reader sees.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def has_link(text: str) -> bool:
    """True if phones may find a link in a text that plain() or strict() gave."""
    return _LINK.search(text) is not None


def plain(text: str) -> str:
    """The text as a lenient reader sees it: full-width forms narrow, what is invisible gone."""
    if text.isascii():
        return text
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text))


def strict(text: str) -> str:
    """The same with each ideographic full stop a dot, as host names have it: right for a word, not for sentences."""
    return plain(text).replace("。", ".")  # NFKC made ．and ｡ the one or the other


def goes_on(text: str) -> bool:
    """True if the text begins with a letter without case, as in scripts that put no space after a full stop."""
    return unicodedata.category(text[:1] or " ") == "Lo"
