"""The page that solves a challenge, and the script that products solve one with; nothing comes from elsewhere.

Only a page that shows a vendor's CAPTCHA loads that vendor's script, and its Content-Security-Policy names that vendor.
"""

import re
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from flask import Blueprint, Response
from pydantic import StringConstraints

from otp_service.domain.captchas import Captcha
from otp_service.domain.errors import Refusal, invalid_field
from otp_service.domain.requests import Locale
from otp_service.service.challenges import hostnames
from otp_service.web.challenges.vendors import VENDORS
from otp_service.web.context import core
from otp_service.web.fields import Query
from otp_service.web.parsing import query

blueprint = Blueprint("challenges", __name__)

TYPES = {".css": "text/css", ".js": "text/javascript"}
ASSETS = ("page.css", "page.js", "search.js", "solver.js", "words.js", "worker.js")
SOLVED_HERE = "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'"
CLOSED = "base-uri 'none'; form-action 'none'"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "public, max-age=300",
    "Cross-Origin-Resource-Policy": "cross-origin",  # pages of products embed the page and import the script
}
# Another page may be told a solution over https, or on this very machine.
_ORIGIN = re.compile(r"https://[a-z0-9.-]{1,253}(:[0-9]{1,5})?|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?")


class PageQuery(Query):
    """The query of GET /challenge."""

    kind: Literal["altcha", "turnstile", "hcaptcha", "recaptcha"] = "altcha"
    origin: Annotated[str, StringConstraints(max_length=300)] = ""
    locale: Locale | Literal[""] = ""


@blueprint.get("/challenge")
def page() -> Response:
    """The page of one challenge, for a person or for the frame of a product's page."""
    asked = query(PageQuery)
    if asked.origin and not _ORIGIN.fullmatch(asked.origin):
        raise invalid_field("origin", "the origin of your page, such as https://shop.example")
    if asked.kind == "altcha":
        return _page(SOLVED_HERE, asked, {})
    captcha = core().provider_file.captchas.get(asked.kind)
    if captcha is None:
        raise Refusal("not_found", "this CAPTCHA is not configured here")
    if asked.origin and urlsplit(asked.origin).hostname not in hostnames(core(), captcha):
        raise invalid_field("origin", "this host is not among the hostnames of the CAPTCHA")
    return _vendors_page(captcha, asked)


@blueprint.get("/challenge/<asset>")
def asset(asset: str) -> Response:
    """A file of the page; the solver may be imported by any page."""
    if asset not in ASSETS:
        raise Refusal("not_found", "there is no such file")
    # A worker has a policy of its own, the one that its script came with.
    headers = {**HEADERS, "Access-Control-Allow-Origin": "*", "Content-Security-Policy": f"{SOLVED_HERE}; {CLOSED}"}
    return Response(_read(asset), headers=headers, content_type=f"{TYPES[Path(asset).suffix]}; charset=utf-8")


def _vendors_page(captcha: Captcha, asked: PageQuery) -> Response:
    vendor, scored = VENDORS[captcha.kind], captcha.least_score is not None
    script = vendor.script.format(render=captcha.site_key if scored else "explicit")
    told = {"key": captcha.site_key, "action": captcha.action if scored else ""}
    return _page(vendor.policy, asked, told, f'<script src="{escape(script)}" defer></script>')


def _page(policy: str, asked: PageQuery, told: dict[str, str], script: str = "") -> Response:
    data = " ".join(f'data-{name}="{escape(value)}"' for name, value in (asked.model_dump() | told).items())
    text = _read("page.html").decode().replace("{data}", data).replace("{script}", script)
    ancestors = asked.origin or "'none'"
    headers = {**HEADERS, "Content-Security-Policy": f"{policy}; {CLOSED}; frame-ancestors {ancestors}"}
    return Response(text, headers=headers, content_type="text/html; charset=utf-8")


@cache
def _read(name: str) -> bytes:
    return (files(__package__) / "static" / name).read_bytes()
