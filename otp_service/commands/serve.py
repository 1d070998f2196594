"""`serve`: the web process of production."""

import contextlib
import multiprocessing
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator

import click
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from otp_service import wiring
from otp_service.commands.metrics import serve_metrics
from otp_service.settings import read_settings

HEADER_TIMEOUT_MS = 5_000
KILL_AFTER_S = 20


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port to listen on.")
@click.option(
    "--workers", type=click.IntRange(1, 256), default=os.cpu_count() or 1, help="Processes; as many as cores."
)
@click.option("--threads", type=click.IntRange(1, 256), default=4, show_default=True, help="Threads of each process.")
def serve(host: str, port: int, workers: int, threads: int) -> None:
    """The web process, under the production server."""
    settings = read_settings()
    _refuse_busy(host, port)
    wiring.fix_store(wiring.build(settings))
    # Spawned, not forked: a worker inherits no connection, and reads where metrics meet before it makes its own.
    multiprocessing.set_start_method("spawn", force=True)
    os.environ[wiring.WEB_THREADS] = str(threads)
    with _shared_metrics():
        serve_metrics(settings)
        Server(
            "otp_service.wiring:application",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            http=HTTPModes.http1,  # proxies speak it; the time that a head may take holds for no other
            factory=True,
            workers=workers,
            blocking_threads=threads,
            websockets=False,
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS),
            respawn_failed_workers=True,
            workers_kill_timeout=KILL_AFTER_S,
            log_level=LogLevels.warning,
        ).serve()


def _refuse_busy(host: str, port: int) -> None:
    """Says in a line what the server would tell in a backtrace; it, too, shares a port with its like."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(f"{host}:{port} can't be opened: {error.strerror}") from None


@contextlib.contextmanager
def _shared_metrics() -> Iterator[None]:
    """A directory in which the workers' metrics meet."""
    directory = tempfile.mkdtemp(prefix="otp-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
    try:
        yield
    finally:
        shutil.rmtree(directory, ignore_errors=True)
