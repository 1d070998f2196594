"""`python -m bench`: measures, prints the figures beside their targets, and writes build/bench.json."""

import json
import os
import platform
from dataclasses import asdict, replace
from pathlib import Path

import click
from rich.console import Console

from bench.figures import LOADS, report, show
from bench.rounds import Size, measure

OUT = Path("build/bench.json")


@click.command()
@click.option("--rounds", type=click.IntRange(1, 100), help="How often everything is measured in turn; 5 by default.")
@click.option("--seconds", type=click.FloatRange(0.1, 60), help="How long each load lasts; 1.5 by default.")
@click.option("--quick", is_flag=True, help="Only see that everything runs; the figures mean little.")
@click.option("--json", "as_json", is_flag=True, help="Print what is written to build/bench.json.")
def main(rounds: int | None, seconds: float | None, quick: bool, as_json: bool) -> None:
    """Measures the service beside what it stands on."""
    size = Size.quick() if quick else Size()
    size = replace(size, rounds=rounds or size.rounds, seconds=seconds or size.seconds)
    progress = Console(stderr=True)
    found = measure(size, lambda doing: progress.print(f"[dim]{doing} ...[/]"))
    text = json.dumps(document(size, found), indent=1, ensure_ascii=False)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(text + "\n")
    if as_json:
        click.echo(text)
    else:
        show(found, Console(width=120))


def document(size: Size, found: dict[str, float]) -> dict[str, object]:
    """What is written: how it was measured, the rows with their targets, and each load."""
    loads = {name: {key: found[f"{name}.{key}"] for key in PARTS} for name in LOADS}
    machine = {"python": platform.python_version(), "cores": len(os.sched_getaffinity(0))}
    return {"size": asdict(size), "machine": machine, "rows": report(found), "loads": loads}


PARTS = ("per_s", "p50_ms", "p99_ms", "cpu_us", "generator_us")

if __name__ == "__main__":
    main()
