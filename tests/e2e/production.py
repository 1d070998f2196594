"""An installation: Redis, a ledger, a vendor, and the web processes and couriers that a test starts on them."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from otp_service.courier.worker import Timing
from otp_service.store.outbox import GROUP, LEDGER_GROUP
from tests.e2e.processes import STARTS_WITHIN_S, Courier, Process, Server, run
from tests.e2e.vendor import Vendor, vendor
from tests.e2e.wire import Wire
from tests.servers import RedisServer, free_port, redis_server, wait_until
from tests.world import MASTER_KEYS, Api

# A Redis that keeps what it has. Its dumps are searched, so nothing in them may be compressed.
REDIS_OPTIONS = ("--appendonly", "yes", "--rdbcompression", "no")
OUTBOX = ("{c0}:out:high", "{c0}:out:normal", "{c0}:out:bulk")
HELD = (*((stream, GROUP) for stream in OUTBOX), ("{c0}:facts", LEDGER_GROUP))
TAKEN_OVER_MS = max(Timing().idle_ms, Timing().facts_idle_ms)


@dataclass
class Production:
    """An installation; its processes are started by the test."""

    folder: Path
    redis: RedisServer
    vendor: Vendor
    environment: dict[str, str]
    stack: contextlib.ExitStack
    servers: list[Server] = field(default_factory=list)
    couriers: list[Courier] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the first web server listens."""
        return self.servers[0].url

    def command(self, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        """Runs one command of otp-service to its end."""
        command = (sys.executable, "-m", "otp_service", *arguments)
        environment = {**self.environment, **settings}
        return subprocess.run(command, env=environment, cwd=self.folder, capture_output=True, text=True)

    def serve(self, workers: int = 2) -> Server:
        """Starts web processes on a port of their own."""
        port = free_port()
        process = self._start("serve", "--port", str(port), "--workers", str(workers))
        server = Server(process.popen, process.log, process.metrics_port, port=port, wanted=workers)
        self.servers.append(server)
        return server

    def work(self) -> Courier:
        """Starts a courier."""
        process = self._start("worker")
        courier = Courier(process.popen, process.log, process.metrics_port)
        self.couriers.append(courier)
        return courier

    def ready(self) -> None:
        """Waits until everything that was started serves and works."""
        for process in (*self.servers, *self.couriers):
            if not process.told_to_end:
                wait_until(process.ready, STARTS_WITHIN_S, 0.1)

    def api(self, key: str, server: Server | None = None) -> Api:
        """A caller over HTTP with this key."""
        wire = Wire((server or self.servers[0]).url)
        self.stack.callback(wire.close)
        return Api(wire, key)  # type: ignore[arg-type]

    def waiting(self) -> tuple[int, int]:
        """How many messages are to be sent, and how many facts to be written down."""
        with self.redis.client() as client, client.pipeline() as at_once:  # or one might move while the rest is counted
            for name in OUTBOX:
                at_once.xlen(name)
            *messages, facts = at_once.zcard("{c0}:due").xlen("{c0}:facts").execute()
            return sum(messages), facts

    def settles(self, within_s: float = 240) -> None:
        """Waits until every message is sent and settled and the ledger has every fact.

        What a dead courier was about to write down is taken over after a minute.
        """
        try:
            wait_until(lambda: self.waiting() == (0, 0), within_s)
        except AssertionError:
            logs = "".join(courier.logged[-3000:] for courier in self.couriers)
            raise AssertionError(f"messages and facts that wait: {self.waiting()}\n{logs}") from None

    def lose(self, courier: Courier) -> None:
        """Kills a courier, and lets so much time pass that another one takes over whatever it held."""
        courier.kill()
        with self.redis.client() as client:
            for stream, group in HELD:
                names = [each["message_id"] for each in client.xpending_range(stream, group, "-", "+", 10_000)]
                if names:
                    client.xclaim(stream, group, "dead", 0, names, idle=TAKEN_OVER_MS, justid=True)

    def _start(self, *command: str) -> Process:
        log, port = self.folder / f"{command[0]}-{len(self.servers) + len(self.couriers)}.log", free_port()
        process = Process(run(command, {**self.environment, "OTP_METRICS_PORT": str(port)}, log), log, port)
        self.stack.callback(process.kill)
        return process


@contextlib.contextmanager
def installation(database_url: str = "", appendfsync: str = "") -> Iterator[Production]:
    """Redis, a vendor and settings, with nothing on them yet.

    The ledger is a SQLite file unless another is given; Redis keeps an append-only file if it is told how.
    """
    options = (*REDIS_OPTIONS, "--appendfsync", appendfsync) if appendfsync else ()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="otp-e-", ignore_cleanup_errors=True)))
        redis = stack.enter_context(redis_server(*options))
        sms = stack.enter_context(vendor())
        (folder / "otp-service.toml").write_text(sms.configuration)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OTP_")}
        environment |= {
            "OTP_REDIS_URL": redis.url,
            "OTP_DATABASE_URL": database_url or f"sqlite:///{folder}/otp.db",
            "OTP_MASTER_KEYS": MASTER_KEYS,
            "OTP_LOG_LEVEL": "debug",
            "OTP_PUBLIC_URL": "https://otp.example",
            "OTP_CONFIG": str(folder / "otp-service.toml"),
        }
        yield Production(folder, redis, sms, environment, stack)
