"""One run: everything is started once, then measured in turns, so that a slow minute of the machine is everybody's."""

import contextlib
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from unittest import mock

import redis

from bench import courier, factors, receipts, texts
from bench.delay import far_redis
from bench.figures import medians
from bench.scripts import Scripts
from bench.servers import LOADING, SERVED, Web, child, granian, gthread, redis_server, rss_mb, running, web
from bench.stand import MASTER_KEYS, Stand, stand

SERVICE = "otp_service.wiring:application"
SERVE = (sys.executable, "-m", "otp_service", "serve", "--workers", "1", "--threads", "4", "--port", "{port}")
CONNECTIONS = 8
AWAY_MS = 1.0
COURIER_S = 15.0
LISTED = re.compile(r"otp:cells|\{c\d+\}:(out:(high|normal|bulk)|due|held|dead|facts|repay)")


@dataclass(frozen=True)
class Size:
    """How much is measured: rounds, seconds of each load, calls in process, records in Redis, messages to send."""

    rounds: int = 5
    seconds: float = 1.5
    calls: int = 300
    records: int = 10_000
    messages: int = 1000

    @classmethod
    def quick(cls) -> "Size":
        """Enough to see that everything runs; the figures mean little."""
        return cls(1, 0.2, 20, 500, 100)


class Bench:
    """All that runs."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        def web_of(*command: str, redis_socket: str | None = None, path: str = "/livez") -> Web:
            return stack.enter_context(web(command, self.stand.environment(redis_socket), path))

        self.stand: Stand = stack.enter_context(stand())
        away = stack.enter_context(far_redis(self.stand.redis, AWAY_MS, str(self.stand.folder)))
        self.service = web_of(*SERVE, path="/readyz")
        self.webs = {name: web_of(*granian(f"bench.floors:{name}"), path="/") for name in ("bare", "hello", "ping")}
        self.webs["gthread"] = web_of(*gthread(f"{SERVICE}()"))
        self.webs["away"] = web_of(*SERVE, redis_socket=away)
        self.scripts = Scripts(self.stand, stack.enter_context(redis_server()))
        self.load = stack.enter_context(child("bench.load", LOADING))
        self.in_process = stack.enter_context(child("bench.inprocess", SERVED, self.stand.environment()))
        self.load.ask(key=self.stand.key, master_keys=MASTER_KEYS, first=0)
        self.in_process.ask(key=self.stand.key, unbraked_key=self.stand.unbraked_key, master_keys=MASTER_KEYS)

    def run(self, server: Web, scenario: str, seconds: float, **more: Any) -> dict[str, float]:
        """One load on one server, and the CPU time that it took there."""
        cpu = server.cpu_s()
        asked = {"connections": CONNECTIONS, "rate": None, **more}
        found = self.load.ask(port=server.port, scenario=scenario, seconds=seconds, **asked)
        found["cpu_us"] = (server.cpu_s() - cpu) / found["count"] * 1e6
        return dict(found)

    def warm(self, seconds: float) -> None:
        """Every server has imported, connected and cached what it keeps."""
        for name in ("bare", "hello", "ping"):
            self.run(self.webs[name], "get", seconds)
        for server in (self.service, self.webs["gthread"], self.webs["away"]):
            self.run(server, "mix", seconds)

    def round(self, size: Size) -> dict[str, float]:
        """Every figure that is measured in turns."""
        loads = self._loads(size.seconds)
        found = {f"{name}.{part}": figure for name, load in loads.items() for part, figure in load.items()}
        found |= self._away(size.seconds / 3) | self.in_process.ask(count=size.calls) | self.scripts.measure(size)
        return found | _ratios(found)

    def _loads(self, seconds: float) -> dict[str, dict[str, float]]:
        found = {name: self.run(self.webs[name], "get", seconds) for name in ("bare", "hello", "ping")}
        for name in ("start", "check", "mix"):
            found[name] = self.run(self.service, name, seconds)
        found["gthread"] = self.run(self.webs["gthread"], "mix", seconds)
        found["half"] = self.run(self.service, "mix", seconds, rate=found["mix"]["per_s"] / 2)
        return found

    def _away(self, seconds: float) -> dict[str, float]:
        """What a millisecond of network adds for a single caller."""
        near, far = (
            {name: self.run(server, name, seconds, connections=1)["p50_ms"] for name in ("start", "check")}
            for server in (self.service, self.webs["away"])
        )
        return {f"{name}_added_ms": far[name] - near[name] for name in near}

    def trips(self, seconds: float) -> dict[str, float]:
        """What Redis counts for one request of each kind; this client's own last INFO is taken off."""
        found = {}
        for name in ("start", "check"):
            self.stand.redis.config_resetstat()
            reads = self.stand.redis.info("stats")["total_reads_processed"]
            count = self.run(self.service, name, seconds)["count"]
            calls = self.stand.redis.info("commandstats")["cmdstat_evalsha"]["calls"]
            found[f"{name}_trips"] = calls / count
            found[f"{name}_reads"] = round(
                (self.stand.redis.info("stats")["total_reads_processed"] - reads - 2) / count, 2
            )
        return found

    def afterwards(self) -> dict[str, float]:
        """What is left when all is done, and a courier has worked on it."""
        with running((sys.executable, "-m", "otp_service", "worker"), LOADING, self.stand.environment()) as process:
            _work_off(self.stand.redis)
            courier_rss_mb = rss_mb(process.pid)
        return {
            "started_s": self.service.started_s,
            "web_rss_mb": self.service.rss_mb(),
            "courier_rss_mb": courier_rss_mb,
            "keys_without_ttl": float(unlisted_forever(self.stand.redis)),
        }


def _ratios(found: Mapping[str, float]) -> dict[str, float]:
    """Within one round, since the next one may find another machine."""
    hello, ping, mix = found["hello.per_s"], found["ping.per_s"], found["mix.per_s"]
    return {
        "start_over_unbraked": found["start_whole_us"] / found["start_unbraked_us"],
        "start_cpu_over_hello": found["start_us"] / found["hello_us"],
        "check_cpu_over_hello": found["check_us"] / found["hello_us"],
        "observing_share": (1 - found["start_unobserved_us"] / found["start_us"]) * 100,
        "mix_over_hello": mix / hello,
        "start_over_hello": found["start.per_s"] / hello,
        "check_over_hello": found["check.per_s"] / hello,
        "mix_over_ping": mix / ping,
        "mix_over_gthread": mix / found["gthread.per_s"],
        "start_over_script": found["start.per_s"] / found["script_start_per_s"],
        "check_over_script": found["check.per_s"] / found["script_check_per_s"],
    }


def _work_off(client: "redis.Redis") -> None:
    """Returns when the courier has sent everything, or has had its time."""
    deadline = time.monotonic() + COURIER_S
    while client.xlen("{c0}:out:high") + client.xlen("{c0}:facts") and time.monotonic() < deadline:
        time.sleep(0.1)


def unlisted_forever(client: "redis.Redis") -> int:
    """How many keys have no time to live, beyond queues, streams and the number of cells."""
    names = [name for name in client.scan_iter(count=5000) if not LISTED.fullmatch(name)]
    pipe = client.pipeline(transaction=False)
    for name in names:
        pipe.ttl(name)
    return sum(ttl == -1 for ttl in pipe.execute())


def measure(size: Size, say: Callable[[str], None]) -> dict[str, float]:
    """All figures: the medians of what was measured in turns, and what is measured once."""
    with contextlib.ExitStack() as stack:
        say("starting the servers")
        bench = Bench(stack)
        bench.warm(max(0.3, size.seconds / 3))
        found = bench.trips(size.seconds / 3)
        rounds = []
        for number in range(1, size.rounds + 1):
            say(f"round {number} of {size.rounds}")
            rounds.append(bench.round(size))
        say("a courier works off what was queued")
        found |= medians(rounds) | bench.afterwards()
    say("the courier beside plain httpx")
    found |= _courier(size)
    say("receipts, texts, and codes of apps")
    return found | _receipts(size) | _texts(size) | _factors(size)


def _courier(size: Size) -> dict[str, float]:
    """The courier's own benchmark, in this run's size."""
    counts: dict[str, Any] = {
        "WITH_HTTP": size.messages,
        "PLAIN": size.messages // 4,
        "WITHOUT_HTTP": size.messages * 5,
    }
    with mock.patch.multiple(courier, ROUNDS=size.rounds, **counts):
        return courier.figures()


def _receipts(size: Size) -> dict[str, float]:
    """The benchmark of receipts, in this run's size."""
    with mock.patch.multiple(receipts, ROUNDS=size.rounds, MESSAGES=size.calls):
        return receipts.figures()


def _texts(size: Size) -> dict[str, float]:
    """The benchmark of texts, in this run's size."""
    with mock.patch.multiple(texts, ROUNDS=size.rounds, TEXTS=size.messages * 2):
        return texts.figures()


def _factors(size: Size) -> dict[str, float]:
    """The benchmark of codes of apps, in this run's size."""
    with mock.patch.multiple(factors, ROUNDS=size.rounds, USERS=size.calls):
        return factors.figures()
