"""The rows of the report: each figure beside the target that it has to meet."""

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

COMPARE = {"=": operator.eq, "<=": operator.le, ">=": operator.ge}
SIGNS = {"=": "=", "<=": "≤", ">=": "≥"}


@dataclass(frozen=True)
class Row:
    """A figure by its key, and what it must be, if it has a target."""

    key: str
    name: str
    unit: str = ""
    rule: str = ""
    target: float | None = None

    def holds(self, figure: float) -> bool | None:
        """Whether the figure, as precisely as it is printed, meets its target; None without one."""
        return None if self.target is None else bool(COMPARE[self.rule](figure, self.target))


LOADS = {
    "bare": "bare WSGI",
    "hello": "Flask hello",
    "ping": "Flask and one Redis PING",
    "start": "start",
    "check": "check",
    "mix": "half start, half check",
    "half": "the same at half of its peak",
    "gthread": "half start, half check, gunicorn gthread",
}
ROWS = (
    Row("start_trips", "Redis commands per start", "", "=", 1),
    Row("check_trips", "Redis commands per check", "", "=", 1),
    Row("start_reads", "Redis network reads per start", "", "=", 1),
    Row("check_reads", "Redis network reads per check", "", "=", 1),
    Row("start_cpu_over_hello", "start, CPU in process, over Flask hello", "x", "<=", 2.5),
    Row("check_cpu_over_hello", "check, CPU in process, over Flask hello", "x"),
    Row("mix_over_hello", "half start, half check, requests/s over Flask hello", "x", ">=", 0.40),
    Row("start_over_hello", "start, requests/s over Flask hello", "x", ">=", 0.33),
    Row("check_over_hello", "check, requests/s over Flask hello", "x"),
    Row("mix_over_ping", "half start, half check, over Flask and one PING", "x", ">=", 0.70),
    Row("start_over_script", "start, requests/s over its script alone", "x"),
    Row("check_over_script", "check, requests/s over its script alone", "x"),
    Row("store_over_limits", "limits, record and enqueue: client CPU over four `limits` hits", "x", "<=", 0.35),
    Row("observing_share", "logs, metrics and request ids, share of a start", "%", "<=", 10),
    Row("start_over_unbraked", "start with the brake over start without it, one after the other", "x", "<=", 1.3),
    Row("half.p99_ms", "p99 at half of peak load", "ms", "<=", 10),
    Row("start_added_ms", "start with Redis 1 ms away, added to its median", "ms", "<=", 1.3),
    Row("check_added_ms", "check with Redis 1 ms away, added to its median", "ms", "<=", 1.3),
    Row("mix_over_gthread", "half start, half check, over gunicorn gthread", "x", ">=", 1.25),
    Row("courier_sink_per_core_s", "courier to a local sink", "messages/s per core", ">=", 1500),
    Row("courier_four_per_core_s", "courier to four sinks", "messages/s per core", ">=", 1500),
    Row("courier_dead_per_core_s", "courier to four sinks, one of them dead", "messages/s per core", ">=", 1500),
    Row("courier_over_plain_httpx", "courier over one plain httpx.AsyncClient", "x", ">=", 6),
    Row("courier_no_http_per_core_s", "courier without HTTP", "messages/s per core", ">=", 10_000),
    Row("web_rss_mb", "memory of a web worker", "MB", "<=", 120),
    Row("courier_rss_mb", "memory of a courier", "MB", "<=", 120),
    Row("started_s", "started service to its first answer", "s", "<=", 3),
    Row("script_kb", "Redis memory per live verification", "KB", "<=", 2.5),
    Row("keys_without_ttl", "keys without a time to live, beyond the listed ones", "", "=", 0),
    Row("hello_us", "Flask hello, CPU in process", "µs"),
    Row("start_us", "start, CPU in process", "µs"),
    Row("check_us", "check, CPU in process", "µs"),
    Row("start_whole_us", "start in process, Redis included", "µs"),
    Row("start_unbraked_us", "the same without the brake", "µs"),
    Row("store_us", "limits, record and enqueue, client CPU", "µs"),
    Row("limits_us", "four `limits` hits, client CPU", "µs"),
    Row("script_start_us", "start script, time in Redis", "µs"),
    Row("script_check_us", "check script, time in Redis", "µs"),
    Row("script_start_per_s", "start script by redis-benchmark", "/s"),
    Row("script_check_per_s", "check script by redis-benchmark", "/s"),
    Row("courier_message_us", "courier to a local sink, CPU for each message", "µs"),
    Row("totp_per_s", "codes of apps checked, one thread, each synced to disk", "/s"),
    Row("totp_us", "a code of an app checked, CPU in process", "µs"),
    Row("pyotp_us", "the same by pyotp alone", "µs"),
    Row("totp_over_pyotp", "a code checked, CPU over pyotp alone", "x"),
    Row("receipts_per_s", "signed receipts taken in, one thread", "/s"),
    Row("texts_per_s", "texts encoded and cut into segments", "/s"),
    Row("texts_over_smsutil", "texts cut into segments, over smsutil", "x"),
    Row("receipt_us", "a signed receipt, CPU in process", "µs"),
    Row("courier_sink_per_s", "courier to a local sink", "messages/s"),
    Row("plain_httpx_per_s", "one plain httpx.AsyncClient", "messages/s"),
)


def medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The middle of each figure over all rounds."""
    return {key: median(each[key] for each in rounds) for key in rounds[0]}


def shown(figure: float) -> str:
    """Three digits, or all of a large number."""
    return f"{figure:,.0f}" if figure >= 100 or figure == int(figure) else f"{figure:.3g}"


def loads_table(found: Mapping[str, float]) -> Table:
    """Throughput, latencies and CPU of each kind of load."""
    table = Table("under the same server, one worker", title_justify="left")
    for heading in ("requests/s", "over hello", "p50 ms", "p99 ms", "CPU µs", "load's own µs"):
        table.add_column(heading, justify="right")
    for key, name in LOADS.items():
        per_s = found[f"{key}.per_s"]
        ratio = "" if key == "half" else f"{per_s / found['hello.per_s']:.2f}"
        rest = (shown(found[f"{key}.{part}"]) for part in ("p50_ms", "p99_ms", "cpu_us", "generator_us"))
        table.add_row(name, shown(per_s), ratio, *rest)
    return table


def rows_table(found: Mapping[str, float]) -> Table:
    """Every figure beside its target."""
    table = Table("figure")
    for heading in ("is", "must be", ""):
        table.add_column(heading, justify="right")
    marks = {True: "[green]ok[/]", False: "[bold red]miss[/]", None: ""}
    for row in ROWS:
        must = f"{SIGNS[row.rule]} {shown(row.target)}" if row.target is not None else ""
        figure = f"{shown(found[row.key])} {row.unit}".strip()
        table.add_row(row.name, figure, must, marks[row.holds(found[row.key])])
    return table


def report(found: Mapping[str, float]) -> list[dict[str, object]]:
    """The rows as data."""
    return [
        {
            "key": row.key,
            "name": row.name,
            "figure": found[row.key],
            "unit": row.unit,
            "rule": row.rule or None,
            "target": row.target,
            "holds": row.holds(found[row.key]),
        }
        for row in ROWS
    ]


def show(found: Mapping[str, float], console: Console) -> None:
    """Both tables."""
    console.print(loads_table(found))
    console.print(rows_table(found))
