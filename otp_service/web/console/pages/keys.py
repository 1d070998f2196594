"""API keys: which there are, a new one, the end of one."""

from datetime import UTC, datetime
from typing import Annotated

from flask import Response, request
from pydantic import BaseModel, Field
from werkzeug.wrappers import Response as AnyResponse

from otp_service.domain.apikeys import SCOPES
from otp_service.domain.errors import invalid_field
from otp_service.service.admin import keys
from otp_service.service.core import now_ms
from otp_service.web.console.frame import act, actor, application_filter, back, core, form, page, render

A_PAGE = 50
USUAL = ("verifications:start", "verifications:check")


class NewKey(BaseModel):
    """What is typed for a new key; scopes and what is ticked are read apart."""

    of: Annotated[str, Field(max_length=68)]
    name: str = ""
    ips: Annotated[str, Field(max_length=4000)] = ""
    expires_on: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] = ""


@page("/keys", title="Keys", nav="Keys", role="viewer")
def show() -> Response:
    """Every key, of one application or of all."""
    application = application_filter()
    found = keys.page(core(), A_PAGE, request.args.get("cursor"), application)
    return render("keys.html", found=found, scopes=SCOPES, usual=USUAL, now=now_ms())


@act("/keys", role="admin", proof=True, shows=show)
def create() -> Response:
    """Makes a key and shows it, this once."""
    told = form(NewKey)
    made = keys.create(
        core(),
        actor(),
        told.of,
        told.name,
        request.form.getlist("scopes"),
        test="test" in request.form,
        ips=[part for part in told.ips.replace(",", " ").split() if part],
        expires_ms=_midnight(told.expires_on),
    )
    return render("key_made.html", title="A new key", made=made)


@act("/keys/revoke", role="admin", proof=True)
def revoke() -> AnyResponse:
    """Ends a key."""
    ended = keys.revoke(core(), actor(), request.form.get("id", ""))
    return back(f"The key {ended.name or ended.id} is revoked; every process refuses it within 5 s.")


def _midnight(day: str) -> int | None:
    """The end of a day, UTC."""
    if not day:
        return None
    try:
        begins = datetime.fromisoformat(day).replace(tzinfo=UTC)
    except ValueError:
        raise invalid_field("expires_on", "is not a day") from None
    return int(begins.timestamp() * 1000) + 86_400_000
