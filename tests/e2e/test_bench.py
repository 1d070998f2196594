"""The benchmark measures everything that it promises."""

import json
import os
import subprocess
import sys
from pathlib import Path

from bench.figures import LOADS, ROWS

ROOT = Path(__file__).resolve().parents[2]


def test_a_quick_benchmark_fills_every_row(tmp_path: Path) -> None:
    """`python -m bench` prints every figure beside its target in one run, and writes the same to build/bench.json."""
    command = (sys.executable, "-m", "bench", "--quick", "--json")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=400)

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == json.loads((tmp_path / "build" / "bench.json").read_text())
    assert [row["key"] for row in found["rows"]] == [row.key for row in ROWS]
    assert all(row["holds"] is not None for row in found["rows"] if row["target"] is not None)
    assert all(found["loads"][name]["per_s"] > 0 for name in LOADS)
    # What no busy machine can change:
    figures = {row["key"]: row["figure"] for row in found["rows"]}
    assert (figures["start_trips"], figures["check_trips"], figures["keys_without_ttl"]) == (1, 1, 0)
