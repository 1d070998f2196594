"""A real Kannel with a centre of short messages behind it, for as long as a test needs them."""

import contextlib
import json
import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.servers import free_port, program, wait_until

HERE = Path(__file__).parent
NODE_MODULES = HERE.parents[1] / ".venv" / "node" / "node_modules"
BOXES = "/usr/sbin"  # where Debian keeps them, which a user's PATH leaves out
USER, PASSWORD = "otp", "hush-hush"
WITHIN_S = 60

CONFIGURATION = """
group = core
admin-port = {admin}
admin-password = x
smsbox-port = {boxes}
box-allow-ip = "127.0.0.1"
log-level = 4
dlr-storage = internal

group = smsc
smsc = smpp
smsc-id = centre
host = 127.0.0.1
port = {centre}
smsc-username = u
smsc-password = p
system-type = ""
transceiver-mode = true
enquire-link-interval = 5
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
log-level = 4

group = sendsms-user
username = {user}
password = {password}
max-messages = 10
concatenation = true
"""


@dataclass
class Centre:
    """The centre: what it was given, and how it reports."""

    process: "subprocess.Popen[str]"
    seen: list[dict[str, Any]] = field(default_factory=list)
    _lines: "queue.Queue[dict[str, Any]]" = field(default_factory=queue.Queue)

    def listen(self) -> None:
        """Reads what it prints, until it ends."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.seen.append(json.loads(line))

    def submitted(self, to: str) -> list[dict[str, Any]]:
        """The parts that it was given for a number."""
        return [line for line in self.seen if line["event"] == "submit" and line["to"].lstrip("+") == to.lstrip("+")]

    def tell(self, order: str) -> None:
        """Changes how it answers: `stat UNDELIV err 02B`, `refuse 69`."""
        assert self.process.stdin
        told = {"event": "told", "line": order}
        before = self.seen.count(told)  # it may have been told the same for an earlier test
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        wait_until(lambda: self.seen.count(told) > before, WITHIN_S)


@dataclass(frozen=True)
class Stand:
    """A Kannel and its centre."""

    url: str
    centre: Centre


@contextlib.contextmanager
def kannel(folder: Path) -> Iterator[Stand]:
    """Kannel's bearerbox and smsbox, bound to a centre."""
    ports = {name: free_port() for name in ("admin", "boxes", "centre", "sendsms")}
    file = folder / "kannel.conf"
    file.write_text(CONFIGURATION.format(**ports, user=USER, password=PASSWORD))
    with _centre(ports["centre"]) as centre, _box("bearerbox", file):
        wait_until(lambda: any(line["event"] == "bound" for line in centre.seen), WITHIN_S)
        with _box("smsbox", file):  # it gives up at once where there is no bearerbox
            wait_until(lambda: _answers(ports["sendsms"]), WITHIN_S)
            yield Stand(f"http://127.0.0.1:{ports['sendsms']}/cgi-bin/sendsms", centre)


@contextlib.contextmanager
def _centre(port: int) -> Iterator[Centre]:
    assert (NODE_MODULES / "smpp").is_dir(), "these tests need npm's smpp in .venv; `make test` installs it"
    command = (program("node", "nodejs"), str(HERE / "centre.js"), str(port))
    environment = {**os.environ, "NODE_PATH": str(NODE_MODULES)}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=environment
    )
    centre = Centre(process)
    listener = threading.Thread(target=centre.listen)
    listener.start()
    try:
        wait_until(lambda: bool(centre.seen), WITHIN_S)
        yield centre
    finally:
        process.kill()
        process.wait()
        listener.join()
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()


@contextlib.contextmanager
def _box(name: str, file: Path) -> Iterator[None]:
    found = os.path.join(BOXES, name)
    command = (found if os.path.exists(found) else program(name), str(file))
    with open(file.with_name(f"{name}.log"), "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=file.parent)
        try:
            yield
        finally:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/cgi-bin/sendsms").status_code == 403
    except httpx.TransportError:
        return False
