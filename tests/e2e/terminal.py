"""A developer's terminal: `otp-service dev` as it is typed, what it says, and how it ends."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import httpx

from otp_service.client import Client, PhoneMessage, Verification
from tests.servers import redis_server, wait_until

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
# An outer make hands down what would change the inner one.
NOT_TYPED = ("OTP_", "MAKE", "MFLAGS", "ARGS")
STARTS_WITHIN_S = 180
STOPS_WITHIN_S = 60
ARRIVES_WITHIN_S = 60


def surroundings(**more: str) -> dict[str, str]:
    """The environment of a shell in which nothing of the service is set, and its commands are found."""
    found = {name: value for name, value in os.environ.items() if not name.startswith(NOT_TYPED)}
    return found | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"} | more


def shell(line: str, environment: Mapping[str, str], folder: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    """What comes of a line that is pasted into a shell."""
    command = ["sh", "-euc", line]
    return subprocess.run(
        command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


@dataclass
class Typed:
    """A command that runs until it is stopped, and what it has said."""

    popen: "subprocess.Popen[bytes]"
    out: Path
    err: Path

    @property
    def said(self) -> str:
        return self.out.read_text()

    @property
    def complained(self) -> str:
        return self.err.read_text()

    def wait_for(self, words: str) -> None:
        """Returns once it said this; AssertionError if it ends before."""

        def heard() -> bool:
            if words in self.said:
                return True
            assert self.popen.poll() is None, f"it has ended:\n{self.said}{self.complained}"
            return False

        wait_until(heard, STARTS_WITHIN_S)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stops it as a person or a supervisor does; its exit status."""
        self.popen.send_signal(number)
        return self.popen.wait(STOPS_WITHIN_S)

    def kill(self) -> None:
        """Ends everything that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()


@contextlib.contextmanager
def typed(line: str, environment: Mapping[str, str], folder: Path = ROOT) -> Iterator[Typed]:
    """A line typed into a shell, which runs for as long as the block."""
    with tempfile.TemporaryDirectory(prefix="otp-typed-") as said:
        out, err = Path(said) / "out", Path(said) / "err"
        with out.open("wb") as to_out, err.open("wb") as to_err:
            popen = subprocess.Popen(
                ["sh", "-euc", f"exec {line}"],
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=to_out,
                stderr=to_err,
                process_group=0,
            )
        running = Typed(popen, out, err)
        try:
            yield running
        finally:
            if popen.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    running.stop()
            running.kill()


@dataclass
class Dev(Typed):
    """`otp-service dev --json`, ready."""

    @cached_property
    def ready(self) -> dict[str, str]:
        """What the line that says that it is ready holds."""
        self.wait_for("\n")
        told: dict[str, str] = json.loads(self.said.splitlines()[0])
        return told

    @property
    def url(self) -> str:
        return self.ready["url"]

    @property
    def key(self) -> str:
        return self.ready["api_key"]

    def client(self) -> Client:
        """A caller with its API key."""
        return Client(self.url, self.key, timeout=60)

    def get(self, path: str, key: str = "") -> httpx.Response:
        return httpx.get(f"{self.url}{path}", headers={"Authorization": f"Bearer {key or self.key}"}, timeout=60)


@contextlib.contextmanager
def dev(data_dir: Path, **environment: str) -> Iterator[Dev]:
    """`otp-service dev --json` on a free port, ready."""
    line = f"'{sys.executable}' -m otp_service dev --json --port 0 --data-dir '{data_dir}'"
    with typed(line, surroundings(**environment), data_dir.parent) as running:
        service = Dev(running.popen, running.out, running.err)
        service.wait_for("\n")
        yield service


@contextlib.contextmanager
def unhurried_dev(data_dir: Path) -> Iterator[Dev]:
    """The same for tests that are not about its store: on a Redis that may be as late as a busy machine makes it."""
    with redis_server() as redis, dev(data_dir, OTP_REDIS_URL=redis.url) as service:
        yield service


def arrived(client: Client, verification: Verification) -> PhoneMessage:
    """The message of this verification, once it is on the simulated phone."""
    assert verification.to
    found: list[PhoneMessage] = []

    def is_there() -> bool:
        # Older messages of this number come back at once.
        messages = client.messages(verification.to)
        found.extend(message for message in messages if message.id == verification.message_id)
        return bool(found)

    wait_until(is_there, ARRIVES_WITHIN_S, 0.1)
    return found[0]


def code_of(client: Client, verification: Verification) -> str:
    """The code, as the person reads it."""
    code = arrived(client, verification).code
    assert code
    return code
