"""A throw-away PostgreSQL: its own cluster on a unix socket, nothing synced, gone with the process that started it."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path

import psycopg

ADVICE = (
    "These tests need PostgreSQL 14 or later: on Debian or Ubuntu `apt-get install postgresql`. initdb is looked for "
    "in OTP_TEST_POSTGRES_BIN, on PATH and in /usr/lib/postgresql/*/bin."
)
STARTS_WITHIN_S = 60
UNSAFE_BUT_QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=50")


class PostgresServer:
    """One cluster in a folder of its own; it can be stopped and started again on the same data."""

    def __init__(self, programs: Path, home: Path) -> None:
        self._programs, self._home = programs, home
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is; {name} stands for the database's name."""
        return f"postgresql://postgres@/{{name}}?host={self._home}"

    def start(self) -> None:
        """Starts it and waits until it answers."""
        settings = [part for setting in UNSAFE_BUT_QUICK for part in ("-c", setting)]
        where = ("-D", self._home / "data", "-k", self._home, "-c", "listen_addresses=")
        command = _as_owner(self._programs / "postgres", *where, *settings)
        with (self._home / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._home)
        _wait_for(self._process, self._home)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Ends every connection and stops; what was committed stays, unless it is told to SIGQUIT."""
        if self._process:
            self._process.send_signal(how)
            self._process.wait()


@contextmanager
def postgres() -> Iterator[str]:
    """A running server, as a URL without the database's name at the end; RuntimeError with advice if there is none."""
    with postgres_server() as server:
        yield server.url


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A running server; RuntimeError with advice if there is none."""
    programs = _programs()
    home = Path(tempfile.mkdtemp(prefix="otp-pg-"))  # short: a socket's path holds 107 bytes
    if os.geteuid() == 0:
        shutil.chown(home, "postgres", "postgres")
    server = PostgresServer(programs, home)
    try:
        _run(
            programs / "initdb", "-D", home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"
        )
        server.start()
        yield server
    finally:
        server.stop(signal.SIGQUIT)  # at once: nobody needs what is in it any more
        shutil.rmtree(home, ignore_errors=True)


def _wait_for(server: subprocess.Popen[bytes], home: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            psycopg.connect(host=str(home), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("PostgreSQL does not start: " + (home / "log").read_text()[-2000:])


def _programs() -> Path:
    places = [os.environ.get("OTP_TEST_POSTGRES_BIN"), _directory_of(shutil.which("initdb"))]
    places += sorted(glob("/usr/lib/postgresql/*/bin"), reverse=True)
    for place in filter(None, places):
        if (Path(place) / "initdb").exists():
            return Path(place)
    raise RuntimeError(ADVICE)


def _directory_of(program: str | None) -> str | None:
    return str(Path(program).resolve().parent) if program else None


def _run(*command: str | Path) -> None:
    done = subprocess.run(_as_owner(*command), capture_output=True, text=True, cwd="/", check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")


def _as_owner(*command: str | Path) -> list[str]:
    """The command as one who may run PostgreSQL (root may not), that dies with the thread that started it."""
    owner = ("--reuid=postgres", "--regid=postgres", "--clear-groups") if os.geteuid() == 0 else ()
    return ["setpriv", *owner, "--pdeathsig=QUIT", *map(str, command)]
