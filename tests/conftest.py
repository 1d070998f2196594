"""What all tests share: a Redis for each test process, and a whole service on it."""

import faulthandler
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import settings as examples

from otp_service import wiring
from otp_service.ledger import migrate
from otp_service.ledger.engine import make_engine
from otp_service.settings import Settings
from tests.clock import TimedWorld
from tests.servers import RedisServer, redis_server
from tests.world import Api, World, development

# One PostgreSQL of each test process serves all who ask for a database, and people with factors live on either kind.
pytest_plugins = ("tests.ledger.databases", "tests.factor_world", "tests.service.factors.proving")

# The same examples at each run, and a slow machine is no failure; `--hypothesis-profile search` looks for new ones.
examples.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
examples.register_profile("search", examples.get_profile("steady"), derandomize=False, max_examples=1000)
examples.load_profile("steady")


def pytest_configure(config: pytest.Config) -> None:
    """Has failures told as they happen: a run that is cut short has said what went wrong until then.

    A run in the background was started with signals from the keyboard ignored, and what it starts would inherit that.
    """
    for each in (signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(each) is signal.SIG_IGN:
            signal.signal(each, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_AtOnce(config))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Ends a run whose leftovers keep it from ending, and tells what its threads wait for."""
    if not hasattr(session.config, "workerinput"):
        faulthandler.dump_traceback_later(180, exit=True, file=sys.__stderr__)


class _AtOnce:
    """Prints each failure when it happens, and not only in the summary."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Prints the end of what went wrong."""
        if report.failed:
            terminal = self._config.pluginmanager.get_plugin("terminalreporter")
            terminal.write_line(f"\n{report.when} of {report.nodeid} failed:\n{report.longreprtext[-3000:]}")


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[RedisServer]:
    """The Redis of this test process."""
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("ledger") / "migrated.db"
    engine = make_engine(f"sqlite:///{path}")
    migrate.to_head(engine)
    engine.dispose()
    return path


@pytest.fixture
def redis(shared_redis: RedisServer) -> RedisServer:
    """An empty Redis."""
    with shared_redis.client() as client:
        client.flushall()
    return shared_redis


@pytest.fixture
def settings(redis: RedisServer, migrated: Path, tmp_path: Path) -> Settings:
    """Settings of a development service on an empty Redis and an empty ledger."""
    return development(redis.url, migrated, tmp_path)


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    """A whole service without its courier."""
    parts = wiring.build(settings, development_server=True)
    yield World(parts)
    parts.core.engine.dispose()


@pytest.fixture
def timed(settings: Settings) -> Iterator[TimedWorld]:
    """A whole service whose store is told the time."""
    parts = wiring.build(settings, development_server=True)
    yield TimedWorld(parts)
    parts.core.engine.dispose()


@pytest.fixture
def api(world: World) -> Api:
    """A caller that may start and check."""
    return world.api


@pytest.fixture
def app(world: World) -> Flask:
    """The application as development has it."""
    return world.app


@dataclass(frozen=True)
class LiveService:
    """A running `otp-service dev`."""

    url: str
    api_key: str
    admin_key: str
    phone_url: str
    console_url: str
    pid: int
    data_dir: Path


@pytest.fixture(scope="session")
def live_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """The service as `make dev` runs it, in a process of its own."""
    data_dir = tmp_path_factory.mktemp("dev")
    command = (sys.executable, "-m", "otp_service", "dev", "--json", "--port", "0", "--data-dir", str(data_dir))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTP_")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=data_dir) as process:
        assert process.stdout
        try:
            ready = json.loads(process.stdout.readline())
            yield LiveService(**ready, pid=process.pid, data_dir=data_dir)
            process.terminate()
            process.wait(60)
        finally:
            process.kill()  # leaving the block waits for its end, however long that takes
