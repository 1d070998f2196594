"""`dev` and `demo`: the whole service in one process, with a simulated phone."""

import asyncio
import base64
import contextlib
import fcntl
import json
import os
import secrets
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click
from rich.console import Console
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from otp_service import wiring
from otp_service.commands.embedded import find_store
from otp_service.commands.welcome import Running, welcome
from otp_service.demo import play
from otp_service.domain.apikeys import SCOPES
from otp_service.domain.policy import DEVELOPMENT
from otp_service.ledger import migrate
from otp_service.service.admin import applications, keys
from otp_service.service.console import accounts
from otp_service.settings import read_settings
from otp_service.wiring.courier import run_courier

APPLICATION = "dev"
ACTOR = "dev"
FIRST_PORT = 8000
HOST = "127.0.0.1"
STOP_S = 15.0
STAYS_HERE = ("simulator", "console")  # kinds of providers by which nothing leaves this machine


@click.command(short_help="Everything in one process, for development.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=FIRST_PORT,
    show_default=True,
    help="Port to listen on; a busy one makes it take another.",
)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".otp-service"),
    show_default=True,
    help="Where keys, ledger and store are kept.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line with url and keys once it is ready.")
def dev(port: int, data_dir: Path, as_json: bool) -> None:
    """Everything in one process for development: store, web, courier, simulated phone."""
    with running(port, data_dir) as service:
        if as_json:
            names = ("url", "api_key", "admin_key", "phone_url", "console_url")
            click.echo(json.dumps({name: getattr(service, name) for name in names}))
        else:
            welcome(service)
        with contextlib.suppress(KeyboardInterrupt):
            until_told()


@click.command(short_help="Plays one login end to end.")
def demo() -> None:
    """Plays one login end to end: request, read the phone, wrong code, right code, code used again."""
    with (
        tempfile.TemporaryDirectory(prefix="otp-demo-") as directory,
        running(0, Path(directory), quiet=True) as service,
    ):
        went_well = play(service.url, service.api_key, Console())
    sys.exit(0 if went_well else 1)


@contextlib.contextmanager
def running(port: int, data_dir: Path, *, quiet: bool = False) -> Iterator[Running]:
    """The service, up until the block ends."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise click.ClickException(f"{data_dir} can't be made: {error.strerror}; name another --data-dir") from None
    with _owned(data_dir):
        store = find_store(data_dir, os.environ.get("OTP_REDIS_URL"))
        try:
            parts, listener, notes = _prepare(port, data_dir, store.url, quiet)
            notes = ([store.banner] if store.banner else []) + notes
            with _threads(parts, listener):
                vendors = tuple(entry.name for entry in parts.core.provider_file.live if entry.kind not in STAYS_HERE)
                yield Running(parts.settings.public_url, *_fresh_keys(parts), _console(parts), tuple(notes), vendors)
        finally:
            store.stop()


def _prepare(port: int, data_dir: Path, redis_url: str, quiet: bool) -> tuple[wiring.Parts, socket.socket, list[str]]:
    listener, notes = _listen(port)
    master = private_file(data_dir / "master.key", f"dev:{base64.b64encode(secrets.token_bytes(32)).decode()}")
    given: dict[str, Any] = {
        "env": "development",
        "redis_url": redis_url,
        "database_url": os.environ.get("OTP_DATABASE_URL") or f"sqlite:///{(data_dir / 'otp.db').resolve()}",
        "master_keys": os.environ.get("OTP_MASTER_KEYS") or master.strip(),
        "public_url": os.environ.get("OTP_PUBLIC_URL") or f"http://{HOST}:{listener.getsockname()[1]}",
        "log_level": os.environ.get("OTP_LOG_LEVEL") or ("error" if quiet else "warning"),
    }
    settings = read_settings(**given)
    migrate.to_head(wiring.reach_ledger(settings))
    parts = wiring.build(settings, development_server=True)
    wiring.fix_store(parts)
    return parts, listener, notes


def _listen(port: int) -> tuple[socket.socket, list[str]]:
    """A listening socket on this port, else on a free one, and what to say about it."""
    for candidate in (port, 0):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, candidate))
        except OSError:
            listener.close()
            continue
        listener.listen(128)
        taken = listener.getsockname()[1]
        return listener, [f"Port {port} is busy: taking {taken}."] if port and taken != port else []
    raise click.ClickException("no port can be opened on 127.0.0.1")


def _fresh_keys(parts: wiring.Parts) -> tuple[str, str]:
    """The application `dev` with a new API key and a new admin key; those of earlier starts end."""
    core = parts.core
    parts.truths.refresh()
    known = next((found for found in core.snapshot().applications.values() if found.name == APPLICATION), None)
    application = known or applications.create(core, ACTOR, APPLICATION, DEVELOPMENT)
    for old in keys.listed(core, application.id):
        if old.name in ("dev api key", "dev admin key") and old.revoked_at is None:
            keys.revoke(core, ACTOR, old.id)
    api = keys.create(core, ACTOR, application.id, "dev api key", ["verifications:start", "verifications:check"])
    admin = keys.create(core, ACTOR, application.id, "dev admin key", list(SCOPES))
    parts.truths.refresh()
    return api.text, admin.text


def _console(parts: wiring.Parts) -> str:
    """A link that signs in to the console, once, as the admin `dev`."""
    invited = accounts.invite_again(parts.core, ACTOR, APPLICATION, "admin")
    return f"{parts.settings.public_url}/console/enter/{invited.ticket}"


@contextlib.contextmanager
def _threads(parts: wiring.Parts, listener: socket.socket) -> Iterator[None]:
    server = make_server(HOST, 0, parts.web(), threaded=True, request_handler=_Quiet, fd=listener.fileno())
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    work = run_courier(parts, stop, concurrency=50)
    courier = threading.Thread(target=loop.run_until_complete, args=(work,), name="courier", daemon=True)
    web = threading.Thread(target=server.serve_forever, name="web", daemon=True)
    try:
        parts.truths.keep()
        courier.start()
        web.start()
        yield
    finally:
        _shut(server, parts)
        loop.call_soon_threadsafe(stop.set)
        courier.join(STOP_S)
        parts.truths.stop()
        listener.close()


def _shut(server: BaseWSGIServer, parts: wiring.Parts) -> None:
    if parts.phone:
        parts.phone.close()
    server.shutdown()


class _Quiet(WSGIRequestHandler):
    """Keeps connections open, and leaves the log to the application."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing: a path may hold an id, a query a number."""


@contextlib.contextmanager
def _owned(data_dir: Path) -> Iterator[None]:
    """Holds the data directory's lock: two services in one would overwrite each other's store."""
    with (data_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise click.ClickException(
                f"{data_dir} is in use by another `otp-service dev`: stop that one, or name another --data-dir"
            ) from None
        yield


def until_told() -> NoReturn:
    """Waits for a signal. One that comes just before a wait does not wake it, so no wait is a long one."""
    while True:
        time.sleep(1)


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    sys.exit(0)  # unwinds through every block that has something to end


def private_file(path: Path, content: str) -> str:
    """The content of a file that only its owner may read, written once."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
    return path.read_text()
