"""Templates: chosen by name and locale, checked when they are saved, strict when they are filled in."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from otp_service.domain.errors import invalid_field
from otp_service.domain.links import goes_on, has_link, plain, strict
from otp_service.domain.locales import TEXTS
from otp_service.domain.policy import HOST
from otp_service.domain.text import to_gsm

MAX_BODY = 640  # four segments and a bit: nobody reads more, and each is paid for
MAX_VARIABLE = 40
OURS = frozenset({"code", "minutes", "app"})  # slots that the service fills; a caller's variable can't take their names
LAST_RESORT = "en"

SLOT = re.compile(r"\{([A-Za-z][A-Za-z0-9_]{0,31})\}")
SLOT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
LOCALE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")
CODE = re.compile(r"[A-Za-z0-9]{1,32}")
APP_HASH = re.compile(r"[A-Za-z0-9+/]{11}")

# What a browser takes for a code bound to an origin. Chromium looks for it on every line, not only on the last
# (content/browser/sms/sms_parser.cc), so it may be nowhere in a body.
ORIGIN_BOUND = re.compile(r"@\S+ +#\S")

# What stands for any value: letters, as {a}.{b} would make a link. Only a caller's value makes one with 。 before it:
# sentences may go on with the code or the minutes there.
OUR_VALUE, CALLERS_VALUE = "éé", "xx"

# Invisible but honest: joiners that Indic and Persian words need, and the direction marks that amounts come with.
WELCOME = "\u200c\u200d\u200e\u200f"
UNWELCOME = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Template:
    """A text with slots such as {code}; version 0 is built in."""

    name: str
    locale: str
    version: int
    body: str


BUILT_IN: Mapping[tuple[str, str], Template] = {
    (name, locale): Template(name, locale, 0, body) for name, bodies in TEXTS.items() for locale, body in bodies.items()
}


def choose(custom: Mapping[tuple[str, str], Template], name: str, locale: str) -> Template:
    """The template of that name nearest to the locale: de-CH, then de, then en, in each an application's own first."""
    for candidate in fallbacks(locale):
        found = custom.get((name, candidate)) or BUILT_IN.get((name, candidate))
        if found is not None:
            return found
    raise invalid_field("template", "there is no template of this name in this locale or in English", "unknown")


@lru_cache(maxsize=1024)
def fallbacks(locale: str) -> tuple[str, ...]:
    """The locales to try in turn, the asked one first."""
    parts = canonical_locale(locale).split("-")
    chain = ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return tuple(dict.fromkeys([*chain, LAST_RESORT]))


def canonical_locale(locale: str) -> str:
    """A language tag in its usual spelling: de_ch is de-CH, zh-hans-cn is zh-Hans-CN (RFC 5646, section 2.1.1)."""
    if not LOCALE.fullmatch(locale):
        raise invalid_field("locale", "must be a language tag such as en or de-CH")
    language, *rest = locale.replace("_", "-").split("-")
    return "-".join([language.lower(), *map(_subtag, rest)])


def _subtag(text: str) -> str:
    if len(text) == 4 and text.isalpha():
        return text.title()
    return text.upper() if len(text) == 2 else text.lower()


def parse_body(body: str) -> tuple[str, ...]:
    """The slots of a body that may be saved, in order; anything that would confuse a phone or a person is refused."""
    pieces = _pieces(body, "body")
    slots = pieces[1::2]
    if slots.count("code") != 1:
        raise invalid_field("body", "must contain {code} exactly once", "missing_code")
    if len(body) > MAX_BODY:
        raise invalid_field("body", f"must have at most {MAX_BODY} characters", "too_long")
    if any(_unwelcome(line) for line in body.split("\n")):
        raise invalid_field("body", "must not contain control characters", "control_character")
    if not all(map(plain, pieces[2:-1:2])):
        raise invalid_field("body", "must have something between two slots, such as a space", "touching_slots")
    shown = _shown(pieces, dict.fromkeys(slots, CALLERS_VALUE))
    if any("@" in line and "#" in line[line.index("@") :] for line in shown.split("\n")):
        raise invalid_field("body", "must not look like '@host #code'; webotp_host adds that line", "origin_bound")
    if has_link(shown):
        raise invalid_field("body", "must not contain a link or host name; put a space after each full stop", "link")
    return slots


@lru_cache(maxsize=4096)
def _pieces(body: str, field: str) -> tuple[str, ...]:
    """Literals and slot names in turn, a literal first and last."""
    pieces = tuple(SLOT.split(body))
    if any("{" in literal or "}" in literal for literal in pieces[::2]):
        raise invalid_field(field, "has braces that are no slot; a slot is a name such as {code}", "unknown_syntax")
    return pieces


def slots_of(template: Template) -> tuple[str, ...]:
    """The names that a template needs values for."""
    return _pieces(template.body, "template")[1::2]


def render(template: Template, values: Mapping[str, str]) -> str:
    """The template filled in, its typography made plain where that makes it GSM 7-bit; every slot needs a value."""
    pieces = _pieces(template.body, "template")
    filled = list(pieces)
    try:
        filled[1::2] = [values[slot] for slot in pieces[1::2]]
    except KeyError as missing:
        raise invalid_field("variables", f"the template needs a value for {missing.args[0]}", "missing") from None
    if not OURS.issuperset(pieces[1::2]) and has_link(_shown(pieces, values)):
        raise invalid_field("variables", "must not make a link or host name with the template's words", "link")
    return to_gsm("".join(filled))


def _shown(pieces: Sequence[str], values: Mapping[str, str]) -> str:
    """A body with its callers' values as a lenient reader sees it, any word in the service's own slots."""
    shown = list(map(plain, pieces))
    for at in range(1, len(pieces), 2):
        shown[at] = OUR_VALUE if pieces[at] in OURS else strict(values[pieces[at]])
        if shown[at].endswith(".") and goes_on(shown[at + 1]):  # Ltd.へ is no host
            shown[at] += " "
    return "".join(shown)


def check_variable(name: str, value: str, field: str = "variables") -> None:
    """Refuses a name that no slot can have, and a value that could pass for a line, a link or a code of its own."""
    if not SLOT_NAME.fullmatch(name):
        raise invalid_field(field, "names are ASCII letters, digits and _, beginning with a letter", "name")
    if name in OURS:
        raise invalid_field(field, f"{name} is filled in by the service", "reserved")
    fault = _fault(value)
    if fault:
        raise invalid_field(field, f"{name} must not {fault}")


def _fault(value: str) -> str | None:
    if len(value) > MAX_VARIABLE:
        return f"have more than {MAX_VARIABLE} characters"
    if _unwelcome(value):
        return "contain control characters or line breaks"
    shown = strict(value)
    if "@" in shown or "#" in shown:
        return "contain @ or #"
    if has_link(shown):
        return "contain a link or host name"
    return None


def _unwelcome(text: str) -> bool:
    if text.isascii():
        return not text.isprintable()
    return any(unicodedata.category(character) in UNWELCOME and character not in WELCOME for character in text)


def message_text(body: str, code: str, webotp_host: str | None, android_app_hash: str | None) -> str:
    """A rendered body with its last line: `@host #code` for browsers, then the app's hash for Android.

    Browsers ignore what follows the code (https://wicg.github.io/sms-one-time-codes/#parsing) and the SMS Retriever
    wants its hash last, so one line serves both.
    """
    if ORIGIN_BOUND.search(body):
        raise invalid_field("variables", "the text must not look like '@host #code'", "origin_bound")
    tokens = [*_origin_bound(webotp_host, code), *_app_hash(android_app_hash)]
    return f"{body}\n{' '.join(tokens)}" if tokens else body


def _origin_bound(host: str | None, code: str) -> list[str]:
    if host is None:
        return []
    if not re.fullmatch(HOST, host):
        raise invalid_field("webotp_host", "must be a host name in lower case, such as login.example.com")
    if not CODE.fullmatch(code):
        raise ValueError("a code is ASCII letters and digits")
    return [f"@{host} #{code}"]


def _app_hash(app_hash: str | None) -> list[str]:
    if app_hash is None:
        return []
    if not APP_HASH.fullmatch(app_hash):
        raise invalid_field("android_app_hash", "must be the 11 characters that Android computes for the app")
    return [app_hash]
