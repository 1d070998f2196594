"""How a page is drawn: its template, in its language, with the product's colours, under headers of its own."""

import secrets
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

from flask import Response, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from otp_service.domain.errors import Refusal
from otp_service.domain.pages.colours import palette
from otp_service.domain.pages.page import Look, Page
from otp_service.domain.pages.returning import place_of
from otp_service.domain.pages.words import direction, language_of, words
from otp_service.service.pages.links import Visit
from otp_service.web.pages.asked import Asked
from otp_service.web.pages.telling import BUSY, THEN, Told

Says = Callable[..., Markup]
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Nobody else learns the link. Not no-referrer: with it forms say Origin: null, and older Safaris say nothing else.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "X-Robots-Tag": "noindex",
}
HOUR_S, MINUTE_S = 3600, 60


def draw(visit: Visit | None, name: str, status: int = 200, **context: Any) -> Response:
    """A template as the page of a visit; without one, for a link that leads nowhere."""
    page = visit.page if visit else None
    language, nonce = language_of(_wanted(page)), secrets.token_urlsafe(12)
    look = page.look if page else Look()
    frame: dict[str, Any] = {
        "language": language,
        "direction": direction(language),
        "says": speaker(visit),
        "app": _app(visit),
        "look": look,
        "style": Markup(_style(look, context.get("length"))),  # noqa: S704 - colours and a count, as they were read
        "nonce": nonce,
        "framed": page is not None and page.embed,
        "origin": _origin(page),
        **dict.fromkeys(("error", "form", "note", "retry"), ""),
    }
    text = _environment().get_template(f"{name}.html").render(**(frame | context))
    headers = HEADERS | {"Content-Security-Policy": _policy(visit, nonce), "Content-Language": language}
    if page is None or not page.embed:
        headers["X-Frame-Options"] = "DENY"
    if context.get("wait_s"):
        headers["Retry-After"] = str(context["wait_s"])
    return Response(text, status, headers, content_type="text/html; charset=utf-8")


def speaker(visit: Visit | None) -> Says:
    """What says a sentence of a visit's language."""
    return _speaker(language_of(_wanted(visit.page if visit else None)), _app(visit))


def plain(visit: Visit, sentence: str) -> str:
    """A sentence without any markup, for a file."""
    found = words(language_of(_wanted(visit.page)))
    return found[sentence].format(app=_app(visit))


def beside(asked: Asked, problem: Told | None, **values: Any) -> dict[str, Any]:
    """What a form is drawn with: what went wrong, if anything, and how the form is known.

    Where it is open whether the last one did its work, the next is the same one: it hears what came of it.
    """
    told = problem or Told("")
    return {
        "error": speaker(asked.visit)(told.sentence, **values) if problem else "",
        "wait_s": told.wait_s,
        "left": told.left,
        "form": asked.form if told.sentence == BUSY else asked.fresh,
    }


def problem(visit: Visit | None, refusal: Refusal) -> Response:
    """A refusal that no form is left to be shown beside."""
    says = speaker(visit)
    if refusal.status == 404 or (visit is None and refusal.status < 500):
        drawn = draw(None, "ended", refusal.status, title=says("ended_unknown"), text=says(THEN["unknown"]))
    else:
        drawn = draw(visit, "ended", refusal.status, title=says("error"), text=says("busy"), retry=True)
    if refusal.retry_after_s is not None:
        drawn.headers["Retry-After"] = str(refusal.retry_after_s)
    return drawn


def clock(seconds: int) -> str:
    """Seconds as a clock shows them: 4:05, 1:00:00."""
    hours, rest = divmod(seconds, HOUR_S)
    minutes, left = divmod(rest, MINUTE_S)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def ltr(text: str) -> Markup:
    """What runs from left to right, whatever runs around it."""
    return Markup('<bdi dir="ltr">{}</bdi>').format(text)


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(str(files("otp_service.web.pages") / "templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["clock"] = clock
    return found


def _app(visit: Visit | None) -> str:
    return visit.caller.application.name if visit else ""


def _wanted(page: Page | None) -> list[str]:
    browsers = [name for name, _ in request.accept_languages]
    return [page.locale] if page and page.locale else browsers


def _speaker(language: str, app: str) -> Says:
    found = words(language)
    name = Markup("<bdi>{}</bdi>").format(app)

    def says(sentence: str, **values: Any) -> Markup:
        return Markup(escape(found[sentence])).format(app=name, **values)  # noqa: S704 - escaped

    return says


def _style(look: Look, count: int | None) -> str:
    """The only style that a page has of its own: colours that were checked, and how many boxes its code has."""
    light = _colours(look.accent, "light")
    dark = _colours(look.accent_dark or look.accent, "dark")
    boxes = f":root{{--count:{count}}}" if count else ""
    if look.scheme != "auto":
        return boxes + {"light": light, "dark": dark}[look.scheme]
    return f"{boxes}{light}@media (prefers-color-scheme:dark){{{dark}}}"


def _colours(accent: str | None, scheme: str) -> str:
    fill, on_fill, ink = palette(accent, scheme)
    return f":root{{--accent:{fill};--on-accent:{on_fill};--accent-ink:{ink}}}"


def _policy(visit: Visit | None, nonce: str) -> str:
    """Everything from here, and what was asked for: the product's logo, the ways back, and its frame."""
    page = visit.page if visit else None
    logo = place_of(page.look.logo) if page and page.look.logo else None
    images = f"img-src data: {logo.origin}" if logo else "img-src data:"
    actions = " ".join(["form-action 'self'", *_ways_back(visit)])
    ancestors = _origin(page) if page and page.embed else "'none'"
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; {images}; {actions}; "
        f"base-uri 'none'; frame-ancestors {ancestors}"
    )


def _ways_back(visit: Visit | None) -> list[str]:
    """Where a form may end: browsers hold each redirect after it to these, a product's own to its next host as well."""
    place = place_of(visit.page.return_url) if visit else None
    if visit is None or place is None:
        return []
    return [place.origin, *(host for host in visit.caller.application.policy.return_hosts if host != place.host)]


def _origin(page: Page | None) -> str:
    place = place_of(page.return_url) if page else None
    return place.origin if place else ""
