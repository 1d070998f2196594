"""Money: what one verified person costs, what is left of each budget, and the most that an hour can cost."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from flask import Response, request

from otp_service.domain.errors import Refusal
from otp_service.domain.spreadsheets import harmless
from otp_service.domain.times import rfc3339
from otp_service.ledger.dashboards.counting import Tally
from otp_service.service.console import spending
from otp_service.service.console.spans import Range
from otp_service.service.console.spending import BYS, MARKS, Budget, By, Spending
from otp_service.web.console import charts
from otp_service.web.console.charts import Series
from otp_service.web.console.frame import application_filter, core, page, piece, render
from otp_service.web.console.showing import Shown, asked_range, labels, offered, shown, unless_away, watch
from otp_service.web.console.words import count, money

MICROS = 1_000_000
MOST_SERIES = 5  # providers that have a layer of their own; the rest is one
MOST_ROWS = 15
TITLES: dict[By, str] = {"country": "By country", "provider": "By provider", "application": "By application"}
COLUMNS = (
    *("key", "name", "requested", "sent", "delivered", "approved", "judged"),
    *("conversion", "cost_usd", "cost_per_verified_usd"),
)


@page("/money", title="Money", nav="Money")
def show() -> Response:
    """What was spent, on whom, and what may still be."""
    over, application = asked_range(), application_filter()
    here, found = core(), unless_away(lambda: spending.spending(core(), watch(), over, application))
    return render(
        "money.html",
        over=over,
        ranges=offered(),
        application=application,
        figures=_figures(found) if found else None,
        trend=_trend(found, over) if found and found.total.cost_micros else None,
        groups=[(by, TITLES[by], *_rows(over, by, application)) for by in BYS] if found else [],
        budgets=unless_away(lambda: spending.budgets(here, watch(), application)),
        most=spending.most_per_hour(here, application),
        kind_of=_kind_of,
        marks=MARKS,
    )


@piece("/money.csv")
def download() -> Response:
    """The figures of every group as CSV, for a spreadsheet."""
    wanted = request.args.get("by", "country")
    if wanted not in BYS:
        raise Refusal("not_found", f"figures come by {', '.join(BYS)}")
    over, by = asked_range(), wanted
    found = spending.groups(core(), watch(), over, by, application_filter())
    name = f"money-{by}-{over.name}-{rfc3339(over.span().to_ms)[:10]}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(_csv(_row(key, named, tally) for key, named, tally in found), mimetype="text/csv", headers=headers)


def _figures(found: Spending) -> list[Shown]:
    total, before = found.total, found.before
    line = [spending.of_slot(found, at) for at in found.slots]
    each, each_before = total.cost_per_verified_micros, before.cost_per_verified_micros
    costs, verified = [tally.cost_micros for tally in line], [tally.approved for tally in line]
    eaches = [tally.cost_per_verified_micros for tally in line]
    return [
        shown("Spend, USD", money(total.cost_micros), total.cost_micros, before.cost_micros, costs),
        shown("People verified", count(total.approved), total.approved, before.approved, verified, good="more"),
        shown("USD per verified person", money(each), each, each_before, eaches, good="less"),
    ]


def _rows(over: Range, by: By, application: str | None) -> tuple[list[dict[str, Any]], int]:
    """The dearest groups, and how many more there are."""
    found = spending.groups(core(), watch(), over, by, application)
    total = sum(tally.cost_micros for _, _, tally in found)
    rows = [
        {"key": key, "name": named, "tally": tally, "width": 100 * tally.cost_micros / total if total else 0}
        for key, named, tally in found[:MOST_ROWS]
    ]
    return rows, len(found) - len(rows)


def _trend(found: Spending, over: Range) -> Any:
    """Spend over time, a layer for each of the dearest providers."""
    dearest = sorted(found.groups["provider"].items(), key=lambda each: -each[1].cost_micros)
    names = [name for name, tally in dearest if tally.cost_micros]
    own, rest = names[:MOST_SERIES], names[MOST_SERIES:]
    layers = [Series(name, _line(found, [name])) for name in own]
    layers += [Series("others", _line(found, rest))] if rest else []
    return charts.area(f"Spend over {over.words}, USD", labels(over, found.slots), layers)


def _line(found: Spending, providers: Iterable[str]) -> list[float]:
    told = list(providers)
    spent = ((found.by_slot.get((at, name)) for name in told) for at in found.slots)
    return [sum(tally.cost_micros for tally in each if tally) / MICROS for each in spent]


def _kind_of(budget: Budget) -> str:
    """How a budget bodes, by the marks at which alarms are told."""
    gone = 100 * budget.share
    return "bad" if gone >= MARKS[1] else "note" if gone >= MARKS[0] else ""


def _row(key: str, named: str, tally: Tally) -> tuple[Any, ...]:
    each = tally.cost_per_verified_micros
    conversion = None if tally.conversion is None else round(tally.conversion, 4)
    counts = (tally.requested, tally.sent, tally.delivered, tally.approved, tally.judged)
    return (key, named, *counts, conversion, tally.cost_micros / MICROS, None if each is None else each / MICROS)


def _csv(rows: Iterable[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(COLUMNS)
    table.writerows([harmless(each) if isinstance(each, str) else each for each in row] for row in rows)
    return text.getvalue()
