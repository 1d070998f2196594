"""The benchmark measures everything that it promises."""

import json

from bench.figures import LOADS, ROWS
from tests.e2e.terminal import ROOT, shell, surroundings


def test_a_quick_benchmark_fills_every_row() -> None:
    """`make bench` prints every figure beside its target in one run, and writes the same to build/bench.json."""
    done = shell('make bench ARGS="--quick --json"', surroundings(OTP_SETUP_APT="no"))

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    found = json.loads(done.stdout[done.stdout.index("\n{") :])
    assert found == json.loads((ROOT / "build/bench.json").read_text())
    assert [row["key"] for row in found["rows"]] == [row.key for row in ROWS]
    assert all(row["holds"] is not None for row in found["rows"] if row["target"] is not None)
    assert all(found["loads"][name]["per_s"] > 0 for name in LOADS)
    # What no busy machine can change:
    figures = {row["key"]: row["figure"] for row in found["rows"]}
    assert (figures["start_trips"], figures["check_trips"], figures["keys_without_ttl"]) == (1, 1, 0)
