"""`simulate`: made-up traffic, and the brake over a trace with the very scripts of production."""

import csv
import json
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click

from otp_service.commands.admin import opened
from otp_service.commands.output import as_json as json_option
from otp_service.commands.output import show
from otp_service.commands.replay_report import write_report
from otp_service.commands.replaying import (
    Outcome,
    Told,
    policy_of,
    refuse_overwriting,
    replayed,
    trace_rows,
    verdict_cells,
    written,
)
from otp_service.domain.replay.scoring import Score, summary
from otp_service.domain.replay.trace import COLUMNS, BadTrace, Row, cells_of
from otp_service.domain.replay.traffic.attacks import FAMILIES
from otp_service.domain.replay.traffic.mix import Plan
from otp_service.domain.replay.traffic.mix import traffic as made_up
from otp_service.domain.replay.traffic.people import HOUR_MS
from otp_service.service.core import now_ms
from otp_service.service.replay.history import history

FILE = click.Path(dir_okay=False, path_type=Path)
ALL = ",".join(FAMILIES)


@click.group()
def simulate() -> None:
    """Traffic that never was, and what the brake would make of it."""


@simulate.command(short_help="Makes up a trace: people, their bad days, and attacks.")
@click.argument("out", type=FILE, metavar="OUT.csv")
@click.option(
    "--rows", type=click.IntRange(100, 20_000_000), default=100_000, show_default=True, help="About how many."
)
@click.option(
    "--hours", type=click.FloatRange(0.1, 24 * 90), default=24.0, show_default=True, help="How long it lasts."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same trace.")
@click.option(
    "--attack-share",
    type=click.FloatRange(0, 0.95),
    default=0.3,
    show_default=True,
    help="Share of rows that are attacks.",
)
@click.option("--families", default=ALL, help="Kinds of attack, with commas between them; all by default.")
@click.option(
    "--countries", type=click.IntRange(1, 26), default=12, show_default=True, help="Large ones, with as many scattered."
)
@click.option(
    "--no-events", is_flag=True, help="Ordinary days alone: no launch, no outage, no ticket sale, no testers."
)
def traffic(
    out: Path, rows: int, hours: float, seed: int, attack_share: float, families: str, countries: int, no_events: bool
) -> None:
    """Makes up a trace and writes it to OUT.csv.

    \b
    otp-service simulate traffic day.csv
    otp-service simulate traffic hour.csv --rows 5000 --hours 1 --seed 7
    otp-service simulate traffic farm.csv --families farm,drip --attack-share 0.5
    """  # fmt: skip
    plan = Plan(rows, hours, attack_share, _families(families), countries, not no_events)
    found = made_up(random.Random(seed), plan)
    _save(out, found, "Writing")
    click.echo(f"{len(found)} rows are in {out}.")


def _families(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in FAMILIES:
            raise click.BadParameter(f"there is no family {name}; there are {ALL}", param_hint="--families")
    return names


@simulate.command(short_help="Replays a trace: what the brake would have sent and refused.")
@click.argument("trace", type=FILE, metavar="TRACE.csv")
@click.option("--policy", type=FILE, help="A policy in JSON; without one the brake alone decides.")
@click.option("--decisions", type=FILE, help="Where to write what became of each row, as CSV.")
@click.option(
    "--report", type=FILE, help="Where to write a page with plots: the same trace under other thresholds too."
)
@json_option
def fraud(trace: Path, policy: Path | None, decisions: Path | None, report: Path | None, as_json: bool) -> None:
    """Replays TRACE.csv through the scripts of production, by the clock of the trace, on a store of its own.

    \b
    otp-service simulate fraud day.csv
    otp-service simulate fraud day.csv --policy policy.json --decisions out.csv --json
    otp-service simulate fraud day.csv --report report.html
    """  # fmt: skip
    refuse_overwriting((trace, policy), decisions, report)
    chosen = policy_of(policy)
    try:
        with trace_rows(trace, "Replaying") as rows, _written(decisions) as told:
            outcome = replayed(rows, chosen, told)
    except BadTrace as error:
        raise RuntimeError(f"{trace}, {error}") from None
    if report:
        write_report(report, trace.name, chosen, outcome, partial(trace_rows, trace))
    _tell(outcome, as_json)


@contextmanager
def _written(path: Path | None) -> Iterator[Told | None]:
    if path is None:
        yield None
        return
    with written(path) as file:
        table = csv.writer(file)
        table.writerow(("decision", "sent", "reasons"))
        yield lambda each: table.writerow(verdict_cells(each.verdict))


def _tell(outcome: Outcome, as_json: bool) -> None:
    found = summary(outcome.score, outcome.p99_us)
    if as_json:
        click.echo(json.dumps(found))
        return
    _sentences(outcome.score, found)
    if outcome.score.families:
        click.echo("")
        show([_family(name, tally) for name, tally in found["by_family"].items()], False)


def _sentences(score: Score, found: dict[str, Any]) -> None:
    attack, legit = score.attack, score.legit
    click.echo(f"{found['rows']} requests: {legit.rows} of people, {attack.rows} of attackers.")
    click.echo(
        f"Of {attack.spend_micros / 1e6:.2f} USD that attackers would have cost, {attack.blocked:.2%} were not spent "
        f"({attack.blocked_micros / 1e6:.2f} USD)."
    )
    click.echo(f"Of the people's requests {legit.lost:.3%} were lost; {found['legit_challenged']:.2%} met a challenge.")
    if found["p99_decision_us"] is not None:
        click.echo(f"A decision took at most {found['p99_decision_us']} us in 99 of 100 cases.")


def _family(name: str, tally: dict[str, Any]) -> dict[str, Any]:
    return {
        "family": name,
        "requests": tally["rows"],
        "sent": tally["sent"],
        "challenged": tally["challenged"],
        "denied": tally["denied"],
        "usd": f"{tally['spend_micros'] / 1e6:.2f}",
        "blocked": f"{tally['attack_spend_blocked']:.1%}",
    }


@simulate.command(short_help="Writes what an application sent as a trace, by pseudonyms.")
@click.argument("out", type=FILE, metavar="OUT.csv")
@click.option("--application", required=True, help="Its id or name.")
@click.option("--hours", type=click.FloatRange(0.1, 24 * 90), default=24.0, show_default=True, help="How far back.")
@click.option(
    "--rows", type=click.IntRange(1, 5_000_000), default=1_000_000, show_default=True, help="At most so many."
)
def export(out: Path, application: str, hours: float, rows: int) -> None:
    """Writes the codes that an application sent to OUT.csv, for `simulate fraud` under another policy.

    \b
    otp-service simulate export yesterday.csv --application shop --hours 24
    """
    now = now_ms()
    found = history(opened(), application, now - round(hours * HOUR_MS), now, rows)
    _save(out, found, "Writing")
    click.echo(f"{len(found)} codes that were sent are in {out}; of whom they were for it holds pseudonyms alone.")


def _save(out: Path, found: Sequence[Row], label: str) -> None:
    with written(out) as file, click.progressbar(found, label=label, file=sys.stderr) as bar:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        table.writerows(map(cells_of, bar))
