"""Processes of the benchmark's own: on free ports and sockets, on one core each, ended with it."""

import contextlib
import http.client
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

CORES = sorted(os.sched_getaffinity(0))
SERVED, LOADING = CORES[0], CORES[-1]  # what is measured has a core of its own where there are two
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
ROOT = str(Path(__file__).resolve().parent.parent)
READY_S = 120.0
PORTS = (10_000, 15_000)  # below those that the kernel hands out to clients, and those of the tests


def program(*names: str) -> str:
    """The path of the first of these programs that is there."""
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    raise SystemExit(f"the benchmark needs {names[0]} on PATH: apt-get install redis-server")


def free_port() -> int:
    """A port that is free and that no client will be given by chance."""
    while True:
        port = random.SystemRandom().randrange(*PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextlib.contextmanager
def running(
    command: Sequence[str], core: int, environment: Mapping[str, str] | None = None, **more: Any
) -> "Iterator[subprocess.Popen[str]]":
    """A child bound to one core, without a word on stderr unless told, until the block ends."""
    paths = os.pathsep.join(filter(None, (ROOT, os.environ.get("PYTHONPATH"))))
    given = {**(os.environ if environment is None else environment), "PYTHONPATH": paths}
    with subprocess.Popen(command, env=given, text=True, **{"stderr": subprocess.DEVNULL, **more}) as process:
        os.sched_setaffinity(process.pid, {core})
        try:
            yield process
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(25)
            process.kill()


@contextlib.contextmanager
def redis_server() -> "Iterator[redis.Redis]":
    """A client of a Redis of the benchmark's own, set up as docs/production.md wants it."""
    with tempfile.TemporaryDirectory(prefix="otp-b-") as folder:
        path = f"{folder}/s"
        where = ("--port", "0", "--unixsocket", path, "--dir", folder)
        options = ("--save", "", "--appendonly", "yes", "--hash-max-listpack-value", "1024")
        command = (program("redis-server", "valkey-server"), *where, *options)
        with running(command, LOADING, stdout=subprocess.DEVNULL):
            client = redis.Redis(unix_socket_path=path, decode_responses=True)
            _wait_until(lambda: _pings(client))
            yield client
            client.close()


def socket_of(client: "redis.Redis") -> str:
    """The path of the socket behind a client."""
    return str(client.connection_pool.connection_kwargs["path"])


def _pings(client: "redis.Redis") -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def _wait_until(true: Any) -> None:
    deadline = time.monotonic() + READY_S
    while not true():
        if time.monotonic() > deadline:
            raise SystemExit(f"a server of the benchmark did not start within {READY_S:.0f} s")
        time.sleep(0.01)


@dataclass(frozen=True)
class Web:
    """A web server with one worker."""

    port: int
    pid: int
    started_s: float

    def cpu_s(self) -> float:
        """The CPU time of all its processes."""
        return sum(cpu_s(pid) for pid in tree(self.pid))

    def rss_mb(self) -> float:
        """The memory of its largest process, which is the worker."""
        return max(rss_mb(pid) for pid in tree(self.pid))


@contextlib.contextmanager
def web(command: Sequence[str], environment: Mapping[str, str], path: str = "/") -> Iterator[Web]:
    """A web server, from the moment its path answers 200; {port} in the command becomes a free port."""
    port = free_port()
    filled = [part.format(port=port) for part in command]
    began = time.perf_counter()
    with running(filled, SERVED, environment, stdout=subprocess.DEVNULL) as process:
        _wait_until(lambda: _answers(port, path))
        yield Web(port, process.pid, time.perf_counter() - began)


def granian(target: str) -> tuple[str, ...]:
    """The production server, as `otp-service serve` sets it up, around a WSGI target."""
    options = ("--workers", "1", "--blocking-threads", "4", "--no-ws", "--http1-header-read-timeout", "5000")
    quiet = ("--log-level", "warning", "--host", "127.0.0.1", "--port", "{port}")
    return (sys.executable, "-m", "granian", "--interface", "wsgi", *options, *quiet, target)


def gthread(target: str) -> tuple[str, ...]:
    """gunicorn's threaded worker around a WSGI target."""
    options = ("--workers", "1", "--worker-class", "gthread", "--threads", "4", "--keep-alive", "60")
    return (sys.executable, "-m", "gunicorn", *options, "--bind", "127.0.0.1:{port}", target)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(FileNotFoundError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def cpu_s(pid: int) -> float:
    """User and system time of a process, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mb(pid: int) -> float:
    """Resident memory of a process, in millions of bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 1e6


class Child:
    """A process of this package that answers a line of JSON with a line of JSON."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, **question: Any) -> Any:
        """The answer to a question; RuntimeError if the child has died."""
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(question), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"this child ended: {self._process.args!r}")
        return json.loads(line)


@contextlib.contextmanager
def child(module: str, core: int, environment: Mapping[str, str] | None = None) -> Iterator[Child]:
    """A module of this package as a process on one core."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": None}
    with running((sys.executable, "-m", module), core, environment, **pipes) as process:
        yield Child(process)
