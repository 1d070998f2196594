"""Providers: how each does, where it is ill, what goes wrong with it, what it takes, and a switch."""

from typing import Annotated, Any, Literal

from flask import Response, render_template
from markupsafe import Markup
from pydantic import BaseModel, Field
from werkzeug.wrappers import Response as AnyResponse

from otp_service.domain.config_file.provider_file import ProviderEntry
from otp_service.domain.errors import Refusal
from otp_service.service.admin import providers
from otp_service.service.admin.fields import MOST_REASON
from otp_service.service.console import carriers
from otp_service.service.console.carriers import Carrier
from otp_service.service.console.spans import Range
from otp_service.web.console import PATH
from otp_service.web.console.frame import act, actor, application_filter, back, core, form, page, piece, render
from otp_service.web.console.showing import Shown, asked_range, labels, offered, part, unless_away, watch
from otp_service.web.console.words import count, money, share

WELL, FAIR = 0.98, 0.9  # accepted of tried: what is at least so good
STRIP_HEIGHT, STRIP_WIDTH = 20, 8


class Switched(BaseModel):
    """The form that switches a provider."""

    to: Literal["off", "on"]
    reason: Annotated[str, Field(min_length=1, max_length=MOST_REASON)]


@page("/providers", title="Providers", nav="Providers")
def show() -> Response:
    """Every provider of the configuration."""
    return render("providers.html", ranges=offered(), **_found())


@piece("/providers/cards")
def cards() -> str:
    """The providers as they are now."""
    return render_template("providers_cards.html", **_found())


@page("/providers/<name>/switch", title="Switch", role="admin", nav="Providers")
def switch_form(name: str) -> Response:
    """What a provider carries now, and the form that switches it off or on."""
    over = asked_range()
    here = core()
    entry = _entry(name)
    found = unless_away(lambda: carriers.carriers(here, watch(), over)) or []
    theirs = next((each for each in found if each.entry is entry), None)
    is_on = carriers.is_enabled(here, entry)
    title = f"Switch {name} {'off' if is_on else 'on'}"
    others = [
        each.name for each in here.routing().candidates if each.enabled and not each.test_only and each.name != name
    ]
    return render("provider_switch.html", title=title, entry=entry, is_on=is_on, each=theirs, over=over, others=others)


@act("/providers/<name>/switch", role="admin", proof=True, shows=switch_form)
def switch(name: str) -> AnyResponse:
    """Switches a provider off for everybody, or on again."""
    typed: Switched = form(Switched)
    entry = _entry(name)
    # On again is as the configuration has it, unless that has it off.
    enabled = False if typed.to == "off" else None if entry.enabled else True
    providers.switch(core(), actor(), name, enabled=enabled, reason=typed.reason, kept=("weight",))
    said = "carries nothing more; couriers follow within seconds." if typed.to == "off" else "carries texts again."
    return back(f"{name} {said}", to=f"{PATH}/providers")


def _entry(name: str) -> ProviderEntry:
    found = next((each for each in core().provider_file.providers if each.name == name), None)
    if found is None:
        raise Refusal("not_found", "the configuration names no such provider")
    return found


def _found() -> dict[str, Any]:
    over, application = asked_range(), application_filter()
    found = unless_away(lambda: carriers.carriers(core(), watch(), over, application))
    told = None if found is None else [(each, _figures(each), _strip(each, over)) for each in found]
    return {"over": over, "application": application, "providers": told}


def _figures(each: Carrier) -> list[Shown]:
    tally = each.tally
    return [
        Shown("Tries", count(each.tried.count)),
        Shown("Accepted", share(each.success)),
        Shown("Answers within", _within(each), "half, and 95 %"),
        Shown("Delivered of sent", share(part(tally.delivered, tally.sent))),
        Shown("Conversion", share(tally.conversion)),
        Shown("USD per verified", money(tally.cost_per_verified_micros), f"{money(tally.cost_micros)} in all"),
    ]


def _within(each: Carrier) -> str:
    if not each.tried.steps:
        return "–"
    return " · ".join("> 5 s" if ms is None else f"{ms / 1000:g} s" for ms in (each.p50_ms, each.p95_ms))


def _strip(each: Carrier, over: Range) -> Markup:
    """A bar for each slot of time: as good as its tries were, and pale where there was none."""
    times = labels(over, [at for at, _, _ in each.slots])
    bars = Markup("").join(
        Markup('<rect x="{}" width="{}" height="{}" class="{}"><title>{}</title></rect>').format(
            place * STRIP_WIDTH, STRIP_WIDTH - 1, STRIP_HEIGHT, _kind(tries, accepted), _words(when, tries, accepted)
        )
        for place, (when, (_, tries, accepted)) in enumerate(zip(times, each.slots, strict=True))
    )
    title = f"{each.entry.name} over {over.words}: {share(each.success)} of its tries were accepted"
    return Markup(
        '<svg class="strip" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(len(each.slots) * STRIP_WIDTH, STRIP_HEIGHT, title, bars)


def _kind(tries: int, accepted: int) -> str:
    if not tries:
        return "none"
    good = accepted / tries
    return "well" if good >= WELL else "fair" if good >= FAIR else "ill"


def _words(when: str, tries: int, accepted: int) -> str:
    return f"{when}: {accepted} of {tries} accepted" if tries else f"{when}: not asked"
