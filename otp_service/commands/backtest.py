"""`backtest`: what the brake would have made of the attempts that another vendor sent."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click

from otp_service.commands.output import as_json as json_option
from otp_service.commands.output import show
from otp_service.commands.replay_report import write_report
from otp_service.commands.replaying import cells, policy_of, refuse_overwriting, replayed
from otp_service.domain.replay.attempts import Attempts, attempts
from otp_service.domain.replay.backtest import Backtest, Line
from otp_service.domain.replay.trace import BadTrace, Row
from otp_service.service.replay.judge import number_of
from otp_service.service.replay.run import Replayed

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(short_help="What the brake would have saved of a vendor's bill.")
@click.argument("export", type=FILE, metavar="ATTEMPTS.csv")
@click.option("--policy", type=FILE, help="A policy in JSON; without one the brake alone decides.")
@click.option(
    "--report", type=FILE, help="Where to write a page with plots: the same attempts under other thresholds too."
)
@json_option
def backtest(export: Path, policy: Path | None, report: Path | None, as_json: bool) -> None:
    """Replays a vendor's attempts: those of Twilio Verify, or any CSV that tells number, date and conversion.

    \b
    otp-service backtest attempts.csv
    otp-service backtest attempts.csv --json --report saved.html
    """  # fmt: skip
    refuse_overwriting((export, policy), report)
    found, chosen, told = _read(export), policy_of(policy), Backtest()

    def note(each: Replayed) -> None:
        told.add(each.row, each.verdict, number_of(each.row.to).country)

    outcome = replayed(found.rows, chosen, note)
    if report:
        write_report(report, export.name, chosen, outcome, partial(_again, found))
    if as_json:
        click.echo(json.dumps(told.told() | _caveats(found)))
    else:
        _tell(found, told)


@contextmanager
def _again(found: Attempts, _: str) -> Iterator[Iterator[Row]]:
    yield iter(found.rows)


def _read(path: Path) -> Attempts:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return attempts(cells(file))
    except BadTrace as error:
        raise RuntimeError(f"{path}, {error}") from None
    except OSError as error:
        raise RuntimeError(f"{path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise RuntimeError(f"{path} is no UTF-8; save the file as CSV in UTF-8") from None


def _caveats(found: Attempts) -> dict[str, Any]:
    return {"unknown": found.unknown, "skipped": found.skipped, "estimated_prices": found.estimated}


def _tell(found: Attempts, told: Backtest) -> None:
    whole, shares = told.whole, told.told()
    click.echo(f"{whole.attempts} attempts cost {_usd(whole.spend_micros)}; {whole.converted} codes were typed in.")
    click.echo(
        f"The brake would have refused {whole.refused} of them and saved {_usd(whole.saved_micros)}"
        f" ({shares['saved']:.1%}); of {whole.lost} of those the code was typed in ({shares['lost_share']:.3%})."
    )
    for line in _unsaid(found):
        click.echo(line)
    if told.countries:
        click.echo("")
        show([_country(name, line) for name, line in told.dearest()[:20]], False)
    if told.people:
        click.echo("\nRefused although the code was typed in:")
        show([{"to": to, "reason": reason} for to, reason in told.people], False)


def _unsaid(found: Attempts) -> Iterator[str]:
    if found.unknown:
        yield f"The export does not tell: {', '.join(found.unknown)}. What would have shown there was not seen."
    if found.estimated:
        yield f"{found.estimated} attempts have no price; the cautious list price of their country was taken."
    for why, count in found.skipped.items():
        yield f"{count} lines were left aside: {why}."


def _country(name: str, line: Line) -> dict[str, Any]:
    return {
        "country": name,
        "attempts": line.attempts,
        "conversion": f"{line.converted / line.attempts:.1%}",
        "cost": _usd(line.spend_micros),
        "refused": line.refused,
        "saved": _usd(line.saved_micros),
        "lost": line.lost,
    }


def _usd(micros: int) -> str:
    return f"${micros / 1e6:,.2f}"
