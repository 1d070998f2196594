"""Senders: what messages may show, where it is registered, and what is missing for the countries in use."""

from typing import Annotated

from flask import Response, request
from pydantic import BaseModel, Field
from werkzeug.wrappers import Response as AnyResponse

from otp_service.domain.errors import Refusal
from otp_service.service import senders as service
from otp_service.service.console import sending
from otp_service.service.console.sending import InCountry
from otp_service.web.console.frame import act, actor, back, core, form, page, render


class Restored(BaseModel):
    """Which sender is put back."""

    provider: str
    sender: str = ""
    country: Annotated[str | None, Field(pattern=r"^[A-Z]{2}$")] = None


@page("/senders", title="Senders", nav="Senders")
def senders() -> Response:
    """The inventory, what is taken out, and the countries in use."""
    asked, wrong = _asked()
    return render("senders.html", found=sending.shown(core()), asked=asked, wrong=wrong)


@act("/senders/restore", role="admin", shows=senders)
def restore() -> AnyResponse:
    """Puts a sender back that was taken out."""
    wanted: Restored = form(Restored)
    service.restore(core(), actor(), wanted.provider, wanted.sender, wanted.country)
    return back(
        "The sender is shown again. Watch the next messages: if it is refused once more, it is taken out again."
    )


def _asked() -> tuple[InCountry | None, str]:
    """The country that was asked for, and what is wrong with it."""
    country = request.args.get("country", "").strip().upper()
    if not country:
        return None, ""
    try:
        return sending.in_country(core(), country), ""
    except Refusal as refusal:
        return None, refusal.errors[0]["detail"]
