"""How well the brake holds, by family: made-up traces through the scripts of production.

    python -m bench.fraud

Prints, for each family, the share of its money that was blocked: on seeds that were looked at while
thresholds were tuned, on seeds that nobody looked at, and for families that nobody tuned to.
"""

import random
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from otp_service.commands.embedded import find_store
from otp_service.domain.replay.scoring import Score, Tally
from otp_service.domain.replay.traffic.attacks import FAMILIES, Family
from otp_service.domain.replay.traffic.mix import Plan, traffic
from otp_service.domain.replay.traffic.unseen import UNSEEN
from otp_service.service.replay.judge import BRAKE_ALONE, Bench
from otp_service.service.replay.run import Replay
from otp_service.store.batches import batches
from otp_service.store.scripts import SCRIPTS

LOOKED_AT, HELD_OUT = (0, 1, 2), (9001, 9002, 9003)
SIZES = ((20_000, 24.0, 0.3), (40_000, 8.0, 0.5), (20_000, 72.0, 0.15))  # rows, hours, share of attacks


@click.command()
@click.option("--scale", type=float, default=1.0, show_default=True, help="Of the number of rows.")
def main(scale: float) -> None:
    """Prints the table of docs/fraud-replay.md."""
    with tempfile.TemporaryDirectory() as folder:
        store = find_store(Path(folder), None, lasting=False)
        try:
            tuned = _scored(store.url, LOOKED_AT, FAMILIES, scale)
            held_out = _scored(store.url, HELD_OUT, FAMILIES, scale)
            unseen = _scored(store.url, HELD_OUT, UNSEEN, scale)
        finally:
            store.stop()
    _print(tuned, held_out, unseen)


def _scored(url: str, seeds: Iterable[int], families: Mapping[str, Family], scale: float) -> Score:
    whole = Score()
    calls = batches(url, [SCRIPTS["decide"], SCRIPTS["repay"]])
    for seed in seeds:
        for rows, hours, share in SIZES:
            plan = Plan(round(rows * scale), hours, share, tuple(families))
            trace = traffic(random.Random(seed), plan, families)
            for each in Replay(calls, Bench(BRAKE_ALONE, f"{seed}-{rows}-{hours}-{len(families)}")).run(trace):
                whole.add(each.row, each.verdict)
        print(f"seed {seed} is done", file=sys.stderr)
    calls.close()
    return whole


def _print(tuned: Score, held_out: Score, unseen: Score) -> None:
    print("| family | seeds looked at | held-out seeds |\n|---|---|---|")
    for name in FAMILIES:
        print(f"| `{name}` | {_share(tuned.families.get(name))} | {_share(held_out.families.get(name))} |")
    for name in UNSEEN:
        print(f"| `{name}` (nobody tuned to it) | | {_share(unseen.families.get(name))} |")
    print(f"| **all attackers' money** | **{tuned.attack.blocked:.1%}** | **{held_out.attack.blocked:.1%}** |")
    print(f"| all of families nobody tuned to | | {unseen.attack.blocked:.1%} |")
    print(f"| **people's requests lost** | **{tuned.legit.lost:.2%}** | **{held_out.legit.lost:.2%}** |")
    print(f"| people's requests lost beside families nobody tuned to | | {unseen.legit.lost:.2%} |")
    print(f"| people's requests challenged | {_asked(tuned.legit)} | {_asked(held_out.legit)} |")


def _share(tally: Tally | None) -> str:
    return f"{tally.blocked:.1%}" if tally else "-"


def _asked(tally: Tally) -> str:
    return f"{tally.challenged / max(1, tally.rows):.1%}"


if __name__ == "__main__":
    main()
