"""The store of development: a Redis of one's own, a supervised child, or one in this process."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
START_S = 10.0
MEMORY_BANNER = (
    "No redis-server or valkey-server was found on PATH: the store lives in this process, in memory only.\n"
    "Everything that is pending is lost when it stops. For more: apt-get install redis-server"
)


@dataclass
class Embedded:
    """The store that was found: its URL, what to tell people, and how to end it."""

    url: str
    banner: str = ""
    child: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    socket_dir: str = ""

    def stop(self) -> None:
        """Ends the child, if there is one, and lets it write what it holds."""
        if self.child is not None and self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                self.child.kill()
        if self.socket_dir:
            shutil.rmtree(self.socket_dir, ignore_errors=True)


def find_store(data_dir: Path, given_url: str | None, *, lasting: bool = True) -> Embedded:
    """OTP_REDIS_URL if it is set, else a server found on PATH as a child, else memory; `lasting` keeps its data."""
    if given_url:
        return Embedded(given_url)
    server = shutil.which("valkey-server") or shutil.which("redis-server")
    if server is None:
        return Embedded("memory://", MEMORY_BANNER)
    return start_child(server, data_dir, lasting=lasting)


def start_child(server: str, data_dir: Path, *, lasting: bool = True) -> Embedded:
    """A Redis on a unix socket, with an AOF in the data directory if it is to last; it dies with this process."""
    directory = data_dir / "redis"
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A socket's path holds 107 bytes at most, and data directories may be deep.
    socket_dir = tempfile.mkdtemp(prefix="otp-")
    path = f"{socket_dir}/redis.sock"
    child = subprocess.Popen(
        [server, "-"],
        stdin=subprocess.PIPE,
        stdout=(directory / "log").open("wb"),
        stderr=subprocess.STDOUT,
        preexec_fn=_die_with_parent,
    )
    assert child.stdin is not None  # noqa: S101 - it is a pipe
    child.stdin.write(_configuration(directory, path, lasting).encode())
    child.stdin.close()
    _wait(child, path, directory / "log")
    return Embedded(f"unix://{path}", "", child, socket_dir)


def _configuration(directory: Path, path: str, lasting: bool) -> str:
    appends = "appendonly yes\nappendfsync everysec" if lasting else "appendonly no"
    quoted = str(directory).replace("\\", "\\\\").replace('"', '\\"')
    return (
        f'port 0\nunixsocket "{path}"\nunixsocketperm 700\ndir "{quoted}"\n'
        f'{appends}\nsave ""\nmaxmemory-policy noeviction\ndaemonize no\n'
        "hash-max-listpack-value 1024\n"  # keeps a verification's record compact, sealed message and all
    )


def _die_with_parent() -> None:
    os.setpgrp()  # Ctrl-C reaches this process first, which then ends the child in good order
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait(child: "subprocess.Popen[bytes]", socket_path: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while not _listens(socket_path):
        if child.poll() is not None or time.monotonic() > deadline:
            child.kill()
            last = log.read_text(errors="replace").strip().splitlines()[-1:]
            raise RuntimeError(f"the store's server did not start: {' '.join(last)} (see {log})")
        time.sleep(0.01)


def _listens(path: str) -> bool:
    """Whether somebody answers there: the file is made a moment before that."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0
