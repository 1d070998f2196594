"""Real servers of the tests' own, on sockets and free ports, which end with them."""

import contextlib
import os
import random
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import BaseServer

import redis

from otp_service.store.scripts import SCRIPTS

NOTICES_WITHIN_S = 0.01  # that it shall end; socketserver's own half second is longer than most tests
STARTS_WITHIN_S = 60
# The service gives Redis half a second. Tests of that promise put a proxy in between; in all others a busy machine may
# take longer, and whoever asks must not hear of it.
PATIENCE = "socket_timeout=60&socket_connect_timeout=60"
# Below those that the kernel hands out to clients: what is free when it is chosen is still free a moment later.
PORTS = (15_000, 30_000)
# Servers bind their ports seconds after those were chosen: no other test process may choose one, nor this one again.
OWN = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
ALL = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_chance = random.SystemRandom()  # whatever somebody seeds, no two runs choose alike
_chosen: set[int] = set()


def program(*names: str) -> str:
    """The path of the first of these programs."""
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    raise AssertionError(f"these tests need {names[0]} on PATH; `make test` installs it: apt-get install {names[0]}")


def free_port() -> int:
    """A port that is free and that no client will be given by chance, another one each time."""
    while True:
        port = _chance.choice([each for each in range(PORTS[0] + OWN, PORTS[1], ALL) if each not in _chosen])
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _chosen.add(port)
            return port


@dataclass
class RedisServer:
    """A redis-server that can be killed and brought back on the same socket and data."""

    folder: Path
    options: tuple[str, ...] = ()
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def socket(self) -> str:
        return str(self.folder / "s")

    @property
    def url(self) -> str:
        """Where the service finds it, with patience."""
        return f"unix://{self.socket}?{PATIENCE}"

    def client(self) -> "redis.Redis":
        return redis.Redis(unix_socket_path=self.socket, decode_responses=True)

    def start(self) -> None:
        Path(self.socket).unlink(missing_ok=True)
        where = ("--port", "0", "--unixsocket", self.socket, "--dir", str(self.folder))
        command = (program("redis-server", "valkey-server"), *where, "--save", "", *self.options)
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(self._answers, STARTS_WITHIN_S)
        self.teach()

    def teach(self) -> None:
        """Has it know the scripts: whoever has to send one has no time left for an answer that is late."""
        with self.client() as client:
            for script in SCRIPTS.values():
                client.script_load(script.source)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def wait_until(true, timeout_s: float, every_s: float = 0.02) -> None:
    """Returns as soon as the condition holds; AssertionError if it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, f"this did not come true within {timeout_s} s"
        time.sleep(every_s)


@contextlib.contextmanager
def at_work(server: BaseServer) -> Iterator[None]:
    """Serves in a thread of its own for as long as the block runs."""
    serving = threading.Thread(target=server.serve_forever, args=(NOTICES_WITHIN_S,), daemon=True)
    serving.start()
    try:
        yield
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


@contextlib.contextmanager
def redis_server(*options: str) -> Iterator[RedisServer]:
    """A redis-server for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="otp-t-") as folder:
        server = RedisServer(Path(folder), options)
        try:
            server.start()
            yield server
        finally:
            server.kill()
