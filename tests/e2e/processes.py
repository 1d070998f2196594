"""The processes of production, as an operator starts, watches and ends them."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

STARTS_WITHIN_S = 180
STOPS_WITHIN_S = 60


def listeners(port: int) -> int:
    """How many sockets listen on this port of 127.0.0.1 (proc(5): local address in hex, state 0A)."""
    return len(re.findall(rf" 0100007F:{port:04X} \S+ 0A ", Path("/proc/net/tcp").read_text()))


def command_of(pid: str) -> bytes:
    """The command line of a process; nothing of one that has just ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


@dataclass
class Process:
    """One command of otp-service in a group of its own, and what it logged."""

    popen: "subprocess.Popen[bytes]"
    log: Path
    metrics_port: int = 0
    told_to_end: bool = False

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def logged(self) -> str:
        return self.log.read_text()

    def signal(self, number: signal.Signals) -> None:
        self.popen.send_signal(number)

    def terminate(self) -> int:
        """Stops it as an operator does; its exit status."""
        self.told_to_end = True
        self.popen.terminate()
        return self.popen.wait(STOPS_WITHIN_S)

    def kill(self) -> None:
        """Ends it and its children at once."""
        self.told_to_end = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    @property
    def metrics(self) -> str:
        """Its page of metrics."""
        return httpx.get(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=60).text

    @property
    def died(self) -> bool:
        return self.popen.poll() is not None

    def ready(self) -> bool:
        """Whether it does its work; AssertionError with its log if it has ended."""
        assert not self.died, f"{self.log.stem} has ended:\n{self.logged[-4000:]}"
        return self._ready()

    def _ready(self) -> bool:
        raise NotImplementedError


@dataclass
class Server(Process):
    """`otp-service serve`."""

    port: int = 0
    wanted: int = 1  # processes that answer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def workers(self) -> list[int]:
        """The processes that answer."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [int(pid) for pid in children if b"spawn_main" in command_of(pid)]

    def _ready(self) -> bool:
        # Each of them listens once it has read the ledger.
        if listeners(self.port) < self.wanted:
            return False
        with contextlib.suppress(httpx.TransportError):  # a worker that has just been killed has not answered
            return httpx.get(f"{self.url}/readyz", timeout=60).status_code == 200
        return False


@dataclass
class Courier(Process):
    """`otp-service worker`."""

    def _ready(self) -> bool:
        return "courier_started" in self.logged


def run(command: tuple[str, ...], environment: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
    """Starts a command of otp-service, in a group of its own so that nothing of it is left over."""
    with log.open("wb") as file:
        return subprocess.Popen(
            (sys.executable, "-m", "otp_service", *command),
            stdout=file,
            stderr=file,
            env=environment,
            cwd=log.parent,
            process_group=0,
        )
