"""What a page of the console is written with.

A page is a module in `pages/`, named in `pages.PAGES`: handlers under `@page`, `@piece` and `@act`, and its templates.
"""

from typing import Any

from flask import Response, g, redirect, request
from pydantic import BaseModel, ValidationError
from werkzeug.wrappers import Response as AnyResponse

from otp_service.domain.errors import Refusal
from otp_service.service.console.sessions import SignedIn
from otp_service.web.console import cookies, layout
from otp_service.web.console.inside import ours
from otp_service.web.console.registry import act, may, page, piece
from otp_service.web.context import core
from otp_service.web.problems import invalid_body

__all__ = [
    "act",
    "actor",
    "application_filter",
    "back",
    "core",
    "form",
    "may_see_numbers",
    "page",
    "piece",
    "render",
    "signed_in",
]


def render(name: str, **context: Any) -> Response:
    """A template of `templates/` as a page, in the frame; `title=` overrides the page's own."""
    return layout.drawn(name, context)


def back(text: str = "", *, to: str | None = None, kind: str = "good") -> AnyResponse:
    """Leads to the page the form came from, or `to`, and says `text` there (kind good, note or bad).

    The text must hold no number and no secret: it travels in a cookie.
    """
    response = redirect(ours(to or request.form.get("from", "")), 303)
    if text:
        cookies.put_flash(response, cookies.Flash(text, kind), g.secret())
    return response


def signed_in() -> SignedIn:
    """The admin whose request this is: `id`, `name`, `role`."""
    who: SignedIn | None = g.who
    if who is None:
        raise Refusal("unauthenticated", "your session has ended: sign in again")
    return who


def actor() -> str:
    """How audits name this admin."""
    return f"admin:{signed_in().name}"


def may_see_numbers() -> bool:
    """Whether this admin's role may uncover a number; each look is audited."""
    return may(signed_in().role, "fraud")


def application_filter() -> str | None:
    """The application that the page is narrowed to, by id; None is all of them."""
    wanted = request.args.get("application", "")
    g.application_id = wanted if wanted in core().snapshot().applications else None
    found: str | None = g.application_id
    return found


def form(model: type[BaseModel]) -> Any:
    """What was typed, as its model; empty fields are left out; Refusal invalid_field tells each that is wrong."""
    typed = {name: value.strip() for name, value in request.form.items() if name in model.model_fields}
    try:
        return model.model_validate_strings({name: value for name, value in typed.items() if value})
    except ValidationError as error:
        raise invalid_body(error) from None
