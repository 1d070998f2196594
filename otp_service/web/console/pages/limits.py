"""Limits and locks: what counts now for whom, until when, and starting the count again."""

from flask import Response, request
from pydantic import BaseModel
from werkzeug.wrappers import Response as AnyResponse

from otp_service.domain.errors import invalid_field
from otp_service.service.admin import limits as service
from otp_service.service.console import disabled, holding, searching
from otp_service.service.console.searching import Sought
from otp_service.service.core import now_ms
from otp_service.web.console import PATH
from otp_service.web.console.frame import act, actor, application_filter, back, core, form, page, render
from otp_service.web.console.showing import unless_away


class Lifted(BaseModel):
    """Which number is enabled again, and why."""

    token: str
    of: str
    reason: str = ""


@page("/limits", title="Limits and locks", nav="Limits and locks")
def limits() -> Response:
    """What applications count now, and the numbers that are disabled."""
    only = application_filter()
    names = [only] if only else list(core().snapshot().applications)
    shared = unless_away(
        lambda: [(each, service.read(core(), each).limits) for each in names[: holding.MOST_APPLICATIONS]]
    )
    return render("limits.html", shared=shared, disabled=disabled.listed(core(), only))


@act("/limits", role="viewer", shows=limits)
def look() -> AnyResponse:
    """Leads to what counts for a number, an address, a user or a device."""
    typed = request.form.get("q", "").strip()
    sought = searching.read(core(), typed)
    if request.form.get("as") == "device":
        sought = Sought("device", typed)
    if sought.kind not in holding.STANDS:
        raise invalid_field("q", "limits count numbers, addresses, users and devices")
    return back(to=f"{PATH}/limits/{searching.token(core(), sought)}")


@page("/limits/<token>", title="Limits and locks", nav="Limits and locks")
def of_one(token: str) -> Response:
    """What each application counts of somebody now."""
    sought, only = searching.opened(core(), token), application_filter()
    found = unless_away(lambda: holding.standings(core(), sought, only))
    return render("limits_of.html", token=token, sought=sought, standings=found, now=now_ms(), title=sought.shown())


@act("/limits/lift", role="fraud", shows=limits)
def lift() -> AnyResponse:
    """Enables a number again."""
    typed: Lifted = form(Lifted)
    holding.lift(core(), actor(), searching.opened(core(), typed.token), typed.of, typed.reason)
    return back("The lock is lifted: a code can be asked for again.")
