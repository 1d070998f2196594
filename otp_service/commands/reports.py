"""`reports`: what became of the messages, as a table, as JSON or as CSV."""

import csv
import sys
from dataclasses import asdict
from typing import Any, get_args

import click

from otp_service import wiring
from otp_service.commands.output import as_json, show
from otp_service.commands.times import time_ms
from otp_service.domain.errors import invalid_field
from otp_service.domain.times import rfc3339
from otp_service.ledger.reports import SLOTS_MS, By
from otp_service.service.reports import Item, Report, report
from otp_service.settings import read_settings

SHOWN = (
    *(
        "key",
        "messages",
        "accepted",
        "delivered",
        "undelivered",
        "failed",
        "expired",
        "checked",
        "converted",
        "conversion",
    ),
    *("delivered_unconverted", "suspicious", "cost", "cost_per_verified", "deliver_ms_p50", "deliver_ms_p95"),
)


def _moment(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    return time_ms(param.opts[0].lstrip("-"), value)


@click.command(short_help="What became of the messages, and what they cost.")
@click.argument("by", type=click.Choice(get_args(By)), default="provider")
@click.option(
    "--from", "from_ms", callback=_moment, help="Messages queued from then on; the last seven days by default."
)
@click.option("--to", "to_ms", callback=_moment, help="Messages queued before then; now by default.")
@click.option("--application", help="Those of one application, by id or name.")
@click.option("--provider", help="Those that one provider carried.")
@click.option("--country", help="Those to one country.")
@click.option("--test", is_flag=True, help="Those of test keys instead.")
@click.option("--csv", "as_csv", is_flag=True, help="Answer in CSV.")
@as_json
def reports(by: By, as_json: bool, as_csv: bool, **wanted: Any) -> None:
    """What became of the messages, by provider, country, prefix, route, error, application, minute, hour or day.

    `suspicious` marks whose messages are reported delivered but are far less often typed in than the others'.
    """
    if as_json and as_csv:
        raise invalid_field("csv", "give either --json or --csv")
    found = report(wiring.build(read_settings()).core, by, **wanted)
    if as_csv:
        _write([_plain(found, item) for item in found.items])
    elif as_json:
        show([_plain(found, item) for item in found.items], True)
    else:
        rows = [*found.items, *([found.total] if found.items else [])]
        show([_readable(_plain(found, row)) for row in rows], False, SHOWN)


def _plain(found: Report, item: Item) -> dict[str, Any]:
    return asdict(item) | {"key": rfc3339(int(item.key)) if found.by in SLOTS_MS and item.key else item.key}


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    conversion, each = row["conversion"], row["cost_per_verified_micros"]
    return row | {
        "key": row["key"] or "all",
        "conversion": None if conversion is None else f"{conversion:.1%}",
        "suspicious": "SUSPICIOUS" if row["suspicious"] else None,
        "cost": f"{row['cost_micros'] / 1e6:.2f}",
        "cost_per_verified": None if each is None else f"{each / 1e6:.4f}",
    }


def _write(rows: list[dict[str, Any]]) -> None:
    if rows:
        table = csv.DictWriter(sys.stdout, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
