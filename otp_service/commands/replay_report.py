"""Writes the report of a replay: the same rows again, under thresholds that are stricter and laxer."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path

from otp_service.commands.replaying import Outcome, replayed, written
from otp_service.domain.policy import Policy
from otp_service.domain.replay.page import report
from otp_service.domain.replay.scoring import Score
from otp_service.domain.replay.strictness import FACTORS, stricter
from otp_service.domain.replay.trace import Row

MOST_SWEPT = 100_000  # rows: seven more replays must not take longer than a cup of coffee

Source = Callable[[str], AbstractContextManager[Iterator[Row]]]


def write_report(out: Path, name: str, policy: Policy, outcome: Outcome, source: Source) -> None:
    """Writes the page; `source` opens the rows again, with a label for their progress."""
    sweep = [(factor, _under(policy, factor, outcome, source)) for factor in FACTORS]
    cut = outcome.score.rows > MOST_SWEPT
    note = f"Of this long trace the first {MOST_SWEPT:,} requests are in the curve." if cut else ""
    with written(out) as file:
        file.write(report(name, outcome.score, sweep, note))


def _under(policy: Policy, factor: float, outcome: Outcome, source: Source) -> Score:
    if factor == 1 and outcome.score.rows <= MOST_SWEPT:
        return outcome.score
    strict = policy.model_copy(update={"thresholds": stricter(policy.thresholds, factor)})
    with source(f"x{factor:g}") as rows:
        return replayed(islice(rows, MOST_SWEPT), strict).score
