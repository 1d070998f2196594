"""Templates: chosen by name and locale, checked when they are saved, strict when they are filled in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from otp_service.domain.errors import invalid_field
from otp_service.domain.messages import Dlt
from otp_service.domain.policy import HOST
from otp_service.domain.templates.bodies import ORIGIN_BOUND, Kind, literals, shown, unwelcome
from otp_service.domain.templates.locales import TEXTS
from otp_service.domain.templates.slots import MAX_VARIABLE, OURS, SLOT_NAME, check_types, read_body
from otp_service.domain.text.links import has_link, strict
from otp_service.domain.text.typography import to_gsm

LAST_RESORT = "en"
DLT_COUNTRY = "IN"

LOCALE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")
CODE = re.compile(r"[A-Za-z0-9]{1,32}")
APP_HASH = re.compile(r"[A-Za-z0-9+/]{11}")


@dataclass(frozen=True, slots=True)
class Template:
    """A text with slots such as {code}; version 0 is built in."""

    name: str
    locale: str
    version: int
    body: str
    kind: Kind = "verification"
    smart_encoding: bool = True
    dlt: Dlt | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """An application's own templates: those in force, and by version those that were until lately."""

    in_force: Mapping[tuple[str, str], Template] = field(default_factory=dict)
    superseded: Mapping[tuple[str, str, int], Template] = field(default_factory=dict)

    def as_chosen(self, name: str, locale: str, version: int) -> Template:
        """The template that was chosen when it had this version; the one in force now, if that one is long gone."""
        now = choose(self.in_force, name, locale)
        if now.version == version:
            return now
        before = (self.superseded.get((name, candidate, version)) for candidate in fallbacks(locale))
        built_in = (BUILT_IN.get((name, candidate)) for candidate in fallbacks(locale) if version == 0)
        return next(filter(None, (*before, *built_in)), now)


BUILT_IN: Mapping[tuple[str, str], Template] = {
    (name, locale): Template(name, locale, 0, body) for name, bodies in TEXTS.items() for locale, body in bodies.items()
}


def choose(custom: Mapping[tuple[str, str], Template], name: str, locale: str, kind: Kind = "verification") -> Template:
    """The template of that name nearest to the locale: de-CH, then de, then en, in each an application's own first.

    A template of another kind is none; what is built in is for verifications.
    """
    for candidate in fallbacks(locale):
        for templates in (custom, BUILT_IN):
            found = templates.get((name, candidate))
            if found is not None and found.kind == kind:
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


def render(template: Template, values: Mapping[str, str]) -> str:
    """The template filled in, its typography made plain where that makes it GSM 7-bit; every slot needs a fit value."""
    body = read_body(template.body, "template")
    filled = list(body.pieces)
    try:
        filled[1::2] = [values[slot] for slot in body.slots]
    except KeyError as missing:
        raise invalid_field("variables", f"the template needs a value for {missing.args[0]}", "missing") from None
    if body.open:
        check_types(body, values)
        if has_link(shown(literals(template.body, template.kind), values)):
            raise invalid_field("variables", "must not make a link or host name with the template's words", "link")
    text = "".join(filled)
    return to_gsm(text) if template.smart_encoding else text


def render_message(template: Template, values: Mapping[str, str], app: str = "") -> str:
    """The whole text of a message without a code; `app` fills its slot, the rest is judged as a caller's variables."""
    for name, value in values.items():
        check_variable(name, value)
    return message_text(render(template, {**values, "app": app}), "", None, None)


def dlt_of(template: Template, country: str) -> Dlt | None:
    """What India's registry knows the template by, for messages that go there."""
    return template.dlt if country == DLT_COUNTRY else None


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
    if unwelcome(value):
        return "contain control characters or line breaks"
    shown = strict(value)
    if "@" in shown or "#" in shown:
        return "contain @ or #"
    if has_link(shown):
        return "contain a link or host name"
    return None


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
