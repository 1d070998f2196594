"""Countries and prefixes: where codes go, what comes back, and a block or a lifted quarantine in one step."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from flask import Response, request
from pydantic import BaseModel, Field
from werkzeug.wrappers import Response as AnyResponse

from otp_service.domain.countries import country_name
from otp_service.domain.errors import Refusal
from otp_service.service.admin import blocks, quarantines
from otp_service.service.admin.quarantines import Quarantine
from otp_service.service.console import places
from otp_service.service.console.places import Place
from otp_service.service.core import now_ms
from otp_service.web.console import PATH, charts
from otp_service.web.console.frame import (
    act,
    actor,
    application_filter,
    back,
    core,
    form,
    page,
    render,
)
from otp_service.web.console.showing import asked_range, offered, unless_away, watch

ENDS = {"1h": 3600, "24h": 86_400, "7d": 7 * 86_400, "30d": 30 * 86_400, "never": 0}
ENDINGS = (("24h", "in 24 hours"), ("1h", "in an hour"), ("7d", "in 7 days"), ("30d", "in 30 days"), ("never", "never"))
MOST_HELD = 12
LOW = 0.5  # conversion: below it a place glows
Order = Callable[[Place], Any]
# What can be sorted by -> what of a place that is; the first is the usual one.
ORDERS: dict[str, tuple[str, Order]] = {
    "requested": ("Requested", lambda place: place.tally.requested),
    "sent": ("Sent", lambda place: place.tally.sent),
    "conversion": ("Conversion", lambda place: -1 if place.tally.conversion is None else place.tally.conversion),
    "cost": ("Spend", lambda place: place.tally.cost_micros),
    "each": ("Per verified", lambda place: place.tally.cost_per_verified_micros or 0),
    "refused": ("Refused", lambda place: place.refused or 0),
}


class NewBlock(BaseModel):
    """The form that blocks a place."""

    kind: Literal["country", "prefix"]
    value: Annotated[str, Field(min_length=2, max_length=16)]
    reason: str
    ends: Literal["1h", "24h", "7d", "30d", "never"] = "24h"
    application: str | None = None


class Lifted(BaseModel):
    """The form that lifts a quarantine."""

    application: str
    prefix: Annotated[str, Field(pattern=r"^\+[0-9]{2,15}$")]


@page("/countries", title="Countries and prefixes", nav="Countries")
def show() -> Response:
    """Every country."""
    over, application = asked_range(), application_filter()
    found = unless_away(lambda: places.countries(core(), watch(), over, application))
    return _drawn(found, "Country", above=[])


@page("/countries/<country>", title="Countries and prefixes", nav="Countries")
def prefixes(country: str) -> Response:
    """The operators' prefixes of a country."""
    over, application = asked_range(), application_filter()
    found = unless_away(lambda: places.prefixes(core(), watch(), over, country, application))
    return _drawn(found, "Prefix", above=[(country_name(country), country)])


@page("/countries/<country>/<prefix>", title="Countries and prefixes", nav="Countries")
def of_prefix(country: str, prefix: str) -> Response:
    """The blocks of ten thousand numbers under a prefix."""
    over, application = asked_range(), application_filter()
    found = unless_away(lambda: places.blocks(core(), watch(), over, country, f"+{prefix}", application))
    return _drawn(found, "Block", above=[(country_name(country), country), (f"+{prefix}", f"{country}/{prefix}")])


@page("/block", title="Block", role="fraud", nav="Countries")
def block_form() -> Response:
    """What a block would have refused, and the form that makes it."""
    kind, value = request.values.get("kind", ""), request.values.get("value", "")
    if kind not in ("country", "prefix") or not 2 <= len(value) <= 16:
        raise Refusal("not_found", "say which country or prefix is to be blocked")
    over = asked_range()
    named = country_name(value) if kind == "country" else value
    meant = unless_away(lambda: places.tally_of(core(), watch(), over, kind, value))
    return render(
        "block.html",
        title=f"Block {named}",
        kind=kind,
        value=value,
        named=named,
        over=over,
        meant=meant,
        endings=ENDINGS,
    )


@act("/block", role="fraud", shows=block_form)
def block() -> AnyResponse:
    """Blocks a country or a prefix for a while."""
    typed: NewBlock = form(NewBlock)
    seconds = ENDS[typed.ends]
    blocks.create(
        *(core(), actor(), typed.kind, typed.value, typed.reason),
        application=typed.application,
        expires_ms=now_ms() + seconds * 1000 if seconds else None,
    )
    named = country_name(typed.value) if typed.kind == "country" else typed.value
    return back(
        f"{named} gets no more codes. It stands among the blocks, where it can be lifted.", to=f"{PATH}/countries"
    )


@act("/countries/lift", role="fraud")
def lift() -> AnyResponse:
    """Ends a quarantine before its time."""
    typed: Lifted = form(Lifted)
    quarantines.lift(core(), actor(), typed.application, typed.prefix)
    return back(f"{typed.prefix} gets codes again; the brake goes on watching it.")


def _drawn(found: Sequence[Place] | None, what: str, above: list[tuple[str, str]]) -> Response:
    by, direction = request.args.get("sort", ""), request.args.get("dir", "")
    by = by if by in ORDERS else "requested"
    rising = direction == "asc"
    rows = sorted(found or (), key=lambda place: (ORDERS[by][1](place), place.name), reverse=not rising)
    shown = [place for place in rows if place.tally.requested or place.refused][: places.MOST]
    return render(
        "countries.html",
        rows=None if found is None else shown,
        left_out=len(rows) - len(shown),
        what=what,
        above=above,
        orders={key: words for key, (words, _) in ORDERS.items()},
        by=by,
        rising=rising,
        over=asked_range(),
        ranges=offered(),
        most={key: max((order(place) for place in shown), default=0) for key, (_, order) in ORDERS.items()},
        low=_low,
        held=_held(above),
        country_name=country_name,
        names={id_: each.name for id_, each in core().snapshot().applications.items()},
        heat=charts.heat,
    )


def _held(above: list[tuple[str, str]]) -> Sequence[Quarantine]:
    """The quarantines of what the page is about, those that last longest first."""
    found = unless_away(lambda: quarantines.quarantines(core())) or ()
    country = above[0][1] if above else None
    application = application_filter()
    wanted = (each for each in found if country in (None, each.country) and application in (None, each.application))
    return sorted(wanted, key=lambda each: -each.until_ms)[:MOST_HELD]


def _low(place: Place) -> float:
    """How far the conversion lies below what is usual; nothing where too few codes were sent to tell."""
    found = place.tally.conversion
    return 0 if found is None or place.tally.judged < 10 else max(0.0, LOW - found)
