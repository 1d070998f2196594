"""A service whose messages leave through a real Kannel, and whose address Kannel can call."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from werkzeug.serving import make_server

from otp_service import wiring
from otp_service.settings import Settings
from tests.couriers import running_courier
from tests.kannel.stand import PASSWORD, USER, Stand, kannel
from tests.servers import free_port
from tests.world import World

CONFIGURATION = """
[[providers]]
name = "own"
kind = "kannel"
url = "{url}"
username = "{user}"
password = "{password}"
sender = "Shop"
"""


@pytest.fixture(scope="session")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """The Kannel of this test process."""
    with kannel(tmp_path_factory.mktemp("kannel")) as stand:
        yield stand


@dataclass(frozen=True)
class Joined:
    """A service, and the Kannel that it sends by."""

    world: World
    stand: Stand


@pytest.fixture
def joined(settings: Settings, stand: Stand, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joined]:
    """A service with its courier at work; its receipts arrive over real HTTP."""
    stand.centre.tell("stat DELIVRD err 000")
    file = tmp_path_factory.mktemp("own") / "otp-service.toml"
    file.write_text(CONFIGURATION.format(url=stand.url, user=USER, password=PASSWORD))
    port = free_port()
    parts = wiring.build(settings.model_copy(update={"config": file, "public_url": f"http://127.0.0.1:{port}"}))
    world = World(parts)
    server = make_server("127.0.0.1", port, world.app, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        with running_courier(parts):
            yield Joined(world, stand)
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
        parts.core.engine.dispose()
