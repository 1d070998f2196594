"""A Redis of the tests' own, empty for each test."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis


@pytest.fixture(scope="session")
def courier_redis() -> Iterator[str]:
    """The socket of a redis-server that lives as long as the session."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    assert program, "these tests need a redis-server on PATH: apt-get install redis-server"
    with tempfile.TemporaryDirectory(prefix="otp-c-") as folder:
        socket = str(Path(folder) / "s")
        options = ("--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder)
        with subprocess.Popen((program, *options), stdout=subprocess.DEVNULL) as server:
            _await_ping(socket)
            yield socket
            server.terminate()


def _await_ping(socket: str) -> None:
    client = redis.Redis(unix_socket_path=socket)
    for _ in range(200):
        try:
            client.ping()
        except redis.ConnectionError:
            time.sleep(0.02)
        else:
            client.close()
            return
    raise TimeoutError("redis-server did not answer within 4 s")


@pytest.fixture
def socket(courier_redis: str) -> str:
    """The socket of an empty Redis."""
    with redis.Redis(unix_socket_path=courier_redis) as client:
        client.flushall()
    return courier_redis
