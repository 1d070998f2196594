"""The CAPTCHAs of the configuration: a table [captchas.KIND] for each."""

import re
from collections.abc import Mapping
from typing import Any

from otp_service.domain.captchas import ACTION, VERIFY_URLS, Captcha
from otp_service.domain.config_file.checks import Check, listed, mistakes_in, text
from otp_service.domain.config_file.sections import Mistake

HOST = r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"
_URL = re.compile(r"https://[^\s/]+(/\S*)?|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?(/\S*)?")


def _form(pattern: str, told: str) -> Check:
    form = re.compile(pattern)
    return lambda value: None if isinstance(value, str) and form.fullmatch(value) else f"must be {told}"


def _score(value: object) -> str | None:
    fits = type(value) in (int, float) and 0 <= value <= 1  # type: ignore[operator]  # its type was just asked
    return None if fits else "must be a number from 0 to 1; 0.5 is what Google begins with"


CHECKS: Mapping[str, Check] = {
    "site_key": _form(r"[A-Za-z0-9_-]{8,100}", "the site key, as the vendor shows it"),
    "secret": text,
    "hostnames": listed(HOST, 'hosts in small letters, such as ["shop.example"]'),
    "verify_url": _form(_URL.pattern, "a URL that begins with https://"),
}
ONLY_RECAPTCHA: Mapping[str, Check] = {
    "least_score": _score,
    "action": _form(r"[A-Za-z0-9_/]{1,100}", "letters, digits, _ and /"),
}


def read_captchas(table: Mapping[str, Any]) -> tuple[dict[str, Captcha], list[Mistake]]:
    """The CAPTCHAs by kind, and every mistake."""
    found: dict[str, Captcha] = {}
    mistakes: list[Mistake] = []
    for kind, told in table.items():
        wrong = _mistakes(kind, told)
        mistakes += wrong
        if not wrong:
            found[kind] = _captcha(kind, told)
    return found, mistakes


def _mistakes(kind: str, told: Any) -> list[Mistake]:
    if kind not in VERIFY_URLS:
        return [(kind[:20], f"is not known; known are {', '.join(VERIFY_URLS)}")]
    if not isinstance(told, dict):
        return [(kind, f"begin it with a line [captchas.{kind}]")]
    checks = {**CHECKS, **(ONLY_RECAPTCHA if kind == "recaptcha" else {})}
    return [(f"{kind}.{name}", what) for name, what in mistakes_in(told, checks, required=("site_key", "secret"))]


def _captcha(kind: str, told: Mapping[str, Any]) -> Captcha:
    return Captcha(
        kind,
        told["site_key"],
        told["secret"],
        tuple(told.get("hostnames", ())),
        told.get("least_score"),
        told.get("action", ACTION),
        told.get("verify_url", ""),
    )
