"""What a template's body may say: anything that would confuse a phone or a person is refused when it is saved."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Literal

from otp_service.domain.errors import invalid_field
from otp_service.domain.templates.slots import OURS, Body, read_body
from otp_service.domain.text.links import goes_on, has_link, plain, strict

Kind = Literal["verification", "message"]

# Four segments and a bit for a code: nobody reads more, and each is paid for. Ten of them for a message.
MAX_BODY: Mapping[Kind, int] = {"verification": 640, "message": 1530}

# What a browser takes for a code bound to an origin. Chromium looks for it on every line, not only on the last
# (content/browser/sms/sms_parser.cc), so it may be nowhere in a body.
ORIGIN_BOUND = re.compile(r"@\S+ +#\S")

# What stands for any value: letters, as {a}.{b} would make a link. Only a caller's value makes one with 。 before it:
# sentences may go on with the code or the minutes there.
OUR_VALUE, CALLERS_VALUE, FIGURES = "éé", "xx", "11"
IN_FIGURES = frozenset({"number", "date", "time", "digits"})

# Invisible but honest: joiners that Indic and Persian words need, and the direction marks that amounts come with.
WELCOME = "\u200c\u200d\u200e\u200f"
UNWELCOME = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})

# A message's author may link, and put a value behind the host's slash if it can't leave the path there.
_HERE = "\ue000"  # where a slot is; a private character, which no body may have
_PAST_HOST = re.compile(r"[^\s./]\.[^\s./][^\s/]*/")
_IN_PATHS = frozenset({"digits", "word"})


def parse_body(body: str, kind: Kind = "verification") -> tuple[str, ...]:
    """The slots of a body that may be saved, in order."""
    found = read_body(body)
    _check_slots(found, kind)
    if len(body) > MAX_BODY[kind]:
        raise invalid_field("body", f"must have at most {MAX_BODY[kind]} characters", "too_long")
    if any(unwelcome(line) for line in body.split("\n")):
        raise invalid_field("body", "must not contain control characters", "control_character")
    if not all(map(plain, found.pieces[2:-1:2])):
        raise invalid_field("body", "must have something between two slots, such as a space", "touching_slots")
    _check_lines(shown(found.pieces, _samples(found)), kind)
    if has_link(shown(literals(body, kind), _samples(found))):
        raise invalid_field("body", "must not contain a link or host name; put a space after each full stop", "link")
    return found.slots


def _check_slots(found: Body, kind: Kind) -> None:
    if kind == "message" and not {"code", "minutes"}.isdisjoint(found.slots):
        raise invalid_field("body", "a message has no {code} or {minutes}; that takes a verification", "has_code")
    if kind == "verification" and found.slots.count("code") != 1:
        raise invalid_field("body", "must contain {code} exactly once", "missing_code")


def _check_lines(text: str, kind: Kind) -> None:
    lines = text.split("\n")
    suspect = any("@" in line and "#" in line[line.index("@") :] for line in lines)
    if suspect and (kind == "verification" or ORIGIN_BOUND.search(text)):
        raise invalid_field("body", "must not look like '@host #code'; webotp_host adds that line", "origin_bound")


def _samples(found: Body) -> dict[str, str]:
    return {
        name: FIGURES if type_ in IN_FIGURES else CALLERS_VALUE
        for name, type_ in zip(found.slots, found.types, strict=True)
    }


def shown(pieces: tuple[str, ...], values: Mapping[str, str]) -> str:
    """A body with its callers' values as a lenient reader sees it, any word in the service's own slots."""
    found = list(map(plain, pieces))
    for at in range(1, len(pieces), 2):
        found[at] = OUR_VALUE if pieces[at] in OURS else strict(values[pieces[at]])
        if found[at].endswith(".") and goes_on(found[at + 1]):  # Ltd.へ is no host
            found[at] += " "
    return "".join(found)


def literals(body: str, kind: Kind) -> tuple[str, ...]:
    """The pieces in which no link may be: all of them, but a message's author may have written some."""
    return read_body(body).pieces if kind == "verification" else _without_own_links(body)


@lru_cache(maxsize=4096)
def _without_own_links(body: str) -> tuple[str, ...]:
    found = read_body(body)
    types = iter(found.types)
    words = re.split(r"(\s+)", _HERE.join(map(plain, found.pieces[::2])))
    left = "".join(_without_link(word, types) for word in words).split(_HERE)
    pieces = list(found.pieces)
    pieces[::2] = left
    return tuple(pieces)


def _without_link(word: str, types: Iterator[str]) -> str:
    own = [next(types) for _ in range(word.count(_HERE))]
    sample = word
    for type_ in own:
        sample = sample.replace(_HERE, FIGURES if type_ in IN_FIGURES else CALLERS_VALUE, 1)
    if not has_link(sample):
        return word
    head, *_ = word.split(_HERE)
    if own and not (_IN_PATHS.issuperset(own) and _PAST_HOST.search(head)):
        detail = "a slot in a link must have the type digits or word, and stand behind the host and its slash"
        raise invalid_field("body", detail, "slot_in_link")
    return OUR_VALUE + OUR_VALUE.join([_HERE] * len(own))


def unwelcome(text: str) -> bool:
    """True if a text has characters that no person sees, or that begin a line."""
    if text.isascii():
        return not text.isprintable()
    return any(unicodedata.category(character) in UNWELCOME and character not in WELCOME for character in text)
