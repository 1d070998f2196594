"""What the commands that replay share: a trace read with its progress shown, and a store of the command's own."""

import csv
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import click
from pydantic import ValidationError

from otp_service.commands.embedded import find_store
from otp_service.domain.policy import Policy
from otp_service.domain.replay.scoring import Score, Verdict
from otp_service.domain.replay.trace import BadTrace, Row, rows
from otp_service.domain.shapes import complaint
from otp_service.service.replay.judge import BRAKE_ALONE, Bench
from otp_service.service.replay.run import Replay, Replayed, percentile
from otp_service.store.batches import batches
from otp_service.store.scripts import SCRIPTS

TOLD_EVERY = 2_000  # rows between two looks at the progress

Told = Callable[[Replayed], None]


@dataclass
class Outcome:
    """What a whole replay said."""

    score: Score = field(default_factory=Score)
    took_us: list[int] = field(default_factory=list)

    @property
    def p99_us(self) -> int | None:
        """The time within which 99 of 100 measured decisions were made."""
        return percentile(self.took_us, 0.99)


@contextmanager
def trace_rows(path: Path, label: str) -> Iterator[Iterator[Row]]:
    """The rows of a CSV file, with a bar on stderr that fills as they are taken."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise RuntimeError(f"{path} can't be read: {error.strerror}") from None
    with file, click.progressbar(length=path.stat().st_size or 1, label=label, file=sys.stderr) as bar:
        yield _watched(rows(cells(_text(path, file))), file.tell, bar)


def cells(lines: Iterable[str]) -> Iterator[list[str]]:
    """The cells of each line of a CSV; BadTrace where it is none."""
    reader = csv.reader(lines)
    try:
        yield from reader
    except csv.Error:
        raise BadTrace(f"line {reader.line_num}: this is no CSV; look for a quote that does not end") from None


def refuse_overwriting(read: Iterable[Path | None], *outs: Path | None) -> None:
    """RuntimeError if what is to be written would take the place of what is read: it would be gone before it is."""
    for out in filter(None, outs):
        if out.is_file() and any(each and each.exists() and out.samefile(each) for each in read):
            raise RuntimeError(f"{out} is read by this very command: name another file to write to")


@contextmanager
def written(path: Path) -> Iterator[TextIO]:
    """A file to write to; RuntimeError where there can be none."""
    try:
        file = path.open("w", newline="", encoding="utf-8")
    except OSError as error:
        raise RuntimeError(f"{path} can't be written: {error.strerror}") from None
    with file:
        yield file


def _text(path: Path, file: Any) -> Iterator[str]:
    for line, raw in enumerate(iter(file.readline, b""), 1):
        try:
            yield raw.decode()
        except UnicodeDecodeError:
            raise RuntimeError(f"{path}, line {line}: this is no UTF-8; save the file as CSV in UTF-8") from None


def _watched(found: Iterator[Row], tell: Callable[[], int], bar: Any) -> Iterator[Row]:
    for place, row in enumerate(found):
        if place % TOLD_EVERY == 0:
            bar.update(max(0, tell() - bar.pos))
        yield row
    bar.update(max(0, tell() - bar.pos))


def replayed(found: Iterable[Row], policy: Policy, told: Told | None = None) -> Outcome:
    """Replays rows on a store that is started for it alone and forgotten afterwards."""
    outcome = Outcome()
    with own_store() as url:
        calls = batches(url, [SCRIPTS["decide"], SCRIPTS["repay"]])
        for each in Replay(calls, Bench(policy)).run(found):
            outcome.score.add(each.row, each.verdict)
            if each.took_us is not None:
                outcome.took_us.append(each.took_us)
            if told:
                told(each)
        calls.close()
    return outcome


@contextmanager
def own_store() -> Iterator[str]:
    """The URL of a server in a temporary folder, or of this process's memory; it ends with the block."""
    with tempfile.TemporaryDirectory(prefix="otp-replay-") as folder:
        store = find_store(Path(folder), None, lasting=False)
        try:
            yield store.url
        finally:
            store.stop()


def policy_of(path: Path | None) -> Policy:
    """The policy in a JSON file; without one limits, country lists and ceilings are off: the brake alone decides."""
    if path is None:
        return BRAKE_ALONE
    try:
        return Policy.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RuntimeError(f"{path} can't be read: {error.strerror}") from None
    except ValidationError as error:
        raise RuntimeError(f"{path}: {_first(error)}") from None


def _first(error: ValidationError) -> str:
    wrong = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, wrong['loc'])) or 'the file'}: {complaint(wrong)}"


def verdict_cells(verdict: Verdict) -> tuple[str, str, str]:
    """A verdict as OUT.csv has it."""
    return verdict.decision, "1" if verdict.sent else "0", "; ".join(verdict.reasons)
