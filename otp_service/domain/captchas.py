"""CAPTCHAs of others: what is asked of the vendor who made one, and what its answer means.

Turnstile: developers.cloudflare.com/turnstile/get-started/server-side-validation; hCaptcha: docs.hcaptcha.com (*);
reCAPTCHA: developers.google.com/recaptcha/docs/verify, /v3. All take a form with `secret`, `response` and `remoteip`,
answer JSON with `success`, `hostname` and `error-codes`, and say yes to a token once.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

VERIFY_URLS = {
    "turnstile": "https://challenges.cloudflare.com/turnstile/v0/siteverify",
    "hcaptcha": "https://api.hcaptcha.com/siteverify",
    "recaptcha": "https://www.google.com/recaptcha/api/siteverify",
}
ACTION = "otp"

# Whoever solves it again hears them again: they are faults of this installation, or of the vendor.
OURS = frozenset(
    {"missing-input-secret", "invalid-input-secret", "sitekey-secret-mismatch", "internal-error", "missing-remoteip"}
)


@dataclass(frozen=True, slots=True)
class Captcha:
    """A CAPTCHA of this installation."""

    kind: str
    site_key: str
    secret: str = field(repr=False)
    hostnames: tuple[str, ...] = ()  # of the pages on which it may be solved, beside our own
    least_score: float | None = None  # of reCAPTCHA v3; v2 knows none
    action: str = ACTION  # of reCAPTCHA v3
    verify_url: str = ""

    @property
    def url(self) -> str:
        """Where the vendor is asked."""
        return self.verify_url or VERIFY_URLS[self.kind]


class Verdict(NamedTuple):
    """What the vendor's answer means: solved, refused, or unable to say; and why, for the log."""

    end: Literal["solved", "refused", "unable"]
    reason: str = ""


def question(captcha: Captcha, token: str, ip: str | None) -> dict[str, str]:
    """The form that is sent to the vendor."""
    asked = {"secret": captcha.secret, "response": token}
    if ip is not None:
        asked["remoteip"] = ip
    if captcha.kind == "hcaptcha":
        asked["sitekey"] = captcha.site_key  # else a token of another site key of the account would do
    return asked


def judge(captcha: Captcha, status: int, body: bytes, hostnames: Collection[str]) -> Verdict:
    """What an answer means; only a clear yes for one of our pages counts as solved."""
    told = _object(body)
    if status >= 500 or told is None or not isinstance(told.get("success"), bool):
        return Verdict("unable", "unreadable")
    if not told["success"]:
        codes = _codes(told.get("error-codes"))
        return Verdict("unable" if OURS.intersection(codes) else "refused", codes[0][:40])
    if str(told.get("hostname", "")).lower() not in hostnames:
        return Verdict("refused", "hostname")
    return _scored(captcha, captcha.least_score, told)


def _codes(told: object) -> list[str]:
    """Why a vendor says no; it is a no whatever form the reasons have."""
    return [str(code) for code in told] if isinstance(told, list) and told else ["none"]


def _scored(captcha: Captcha, least: float | None, told: Mapping[str, Any]) -> Verdict:
    if least is None:
        return Verdict("solved")
    score = told.get("score")
    if told.get("action") != captcha.action:
        return Verdict("refused", "action")
    fits = isinstance(score, int | float) and not isinstance(score, bool) and score >= least
    return Verdict("solved") if fits else Verdict("refused", "score")


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None
