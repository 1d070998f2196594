"""What happens now: the funnel, the figures that matter, who is refused, what needs a person, and the last events."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Response, render_template

from otp_service.ledger.dashboards.counting import Tally
from otp_service.ledger.dashboards.news import News
from otp_service.service.console import now, standing
from otp_service.service.console.headlines import alarms, headline
from otp_service.service.console.now import Funnel, Refused
from otp_service.service.console.spans import Range
from otp_service.web.console import charts
from otp_service.web.console.charts import Series
from otp_service.web.console.frame import application_filter, core, page, piece, render
from otp_service.web.console.showing import (
    Good,
    Shown,
    asked_range,
    labels,
    offered,
    part,
    shown,
    truths,
    unless_away,
    watch,
)
from otp_service.web.console.words import count, money, share

STEPS = {
    "requested": ("Requested", "texts asked for, repeats too"),
    "sent": ("Sent", "a provider took them"),
    "delivered": ("Delivered", "reported to have arrived"),
    "checked": ("Checked", "somebody typed a code"),
    "approved": ("Approved", "the code was right"),
}

Read = Callable[[Tally], float | None]
Told = tuple[Tally, Tally, Sequence[Tally]]  # in all, in the time before, by slot
# The figures that matter: what each is called and written like, what it is, and whether more of it is good.
MATTER: tuple[tuple[str, Callable[[Any], str], Read, Good], ...] = (
    ("Requested", count, lambda tally: tally.requested, ""),
    ("Delivered of sent", share, lambda tally: part(tally.delivered, tally.sent), "more"),
    ("Conversion", share, lambda tally: tally.conversion, "more"),
    ("Verified", count, lambda tally: tally.approved, "more"),
    ("Spend, USD", money, lambda tally: tally.cost_micros, ""),
    ("USD per verified", money, lambda tally: tally.cost_per_verified_micros, "less"),
)


@page("/now", title="Now", nav="Now")
def show() -> Response:
    """The page, and all that it keeps fresh by itself."""
    over, application = asked_range(), application_filter()
    parts = _figures(over, application) | _tail(application)
    return render("now.html", ranges=offered(), **parts)


@piece("/now/figures")
def figures() -> str:
    """The figures, the chart and the alarms, as they are now."""
    return render_template("now_figures.html", **_figures(asked_range(), application_filter()))


@piece("/now/tail")
def tail() -> str:
    """The last events."""
    return render_template("now_tail.html", **_tail(application_filter()))


def _figures(over: Range, application: str | None) -> dict[str, Any]:
    here = core()
    found = unless_away(lambda: now.funnel(here, watch(), over, application))
    refused = unless_away(lambda: now.refused(here, watch(), over, application))
    told = unless_away(lambda: now.alarms(here, watch())) or []
    return {
        "over": over,
        "application": application,
        "troubles": standing.troubles(here, truths()),
        "alarms": alarms(told, _owner),
        "refused": refused,
        "figures": _that_matter(found, refused, over) if found else None,
        "steps": _steps(found.total) if found else [],
        "chart": _chart(found, over) if found else None,
        "first": _first_step(found) if found else None,
        "public_url": here.public_url,
    }


def _tail(application: str | None) -> dict[str, Any]:
    found = unless_away(lambda: now.tail(core(), watch(), application))
    told = None if found is None else [(headline(each), _owner(each)) for each in found]
    return {"tail": told, "application": application}


def _owner(each: News) -> str:
    found = core().snapshot().applications.get(each.application_id)
    return found.name if found else ""


def _first_step(found: Funnel) -> str | None:
    """What a fresh installation needs next; None once anything was ever asked for."""
    is_quiet = not found.total.requested and not found.before.requested
    return standing.first_step(core()) if is_quiet and now.is_untouched(core()) else None


def _that_matter(found: Funnel, refused: Refused | None, over: Range) -> list[Shown]:
    total, before, line = found.total, found.before, [tally for _, tally in found.slots]
    return [
        *(_figure(name, write, read, (total, before, line), good) for name, write, read, good in MATTER),
        _refused(refused, over),
    ]


def _figure(name: str, write: Callable[[Any], str], read: Read, told: Told, good: Good) -> Shown:
    total, before, line = (read(told[0]), read(told[1]), [read(tally) for tally in told[2]])
    return shown(name, write(total), total, before, line, good=good, is_share=write is share)


def _refused(refused: Refused | None, over: Range) -> Shown:
    name = "Refused, last 24 h" if over.name == "7d" else "Refused"
    if refused is None:
        return Shown(name, "–", "Redis is away")
    return shown(name, count(refused.total), refused.total, refused.before, refused.slots)


def _steps(total: Tally) -> list[dict[str, Any]]:
    """The funnel, each step with its share of the one before and of all."""
    found, above = [], 0
    for key, (name, means) in STEPS.items():
        size = getattr(total, key)
        found.append(
            {
                "name": name,
                "means": means,
                "count": size,
                "of_before": part(size, above),
                "width": round(100 * (part(size, total.requested) or 0), 1),
            }
        )
        above = size
    return found


def _chart(found: Funnel, over: Range) -> Any:
    series = [Series(name, [getattr(tally, key) for _, tally in found.slots]) for key, (name, _) in STEPS.items()]
    return charts.line(f"Codes over {over.words}", labels(over, [at for at, _ in found.slots]), series)
