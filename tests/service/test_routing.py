"""The routing in force: configuration, providers and truths together."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from otp_service import logs as logs_module
from otp_service import wiring
from otp_service.domain.policy import Policy
from otp_service.settings import Settings
from tests.world import NUMBER, World

CONFIGURATION = """\
[[providers]]
name = "a"
kind = "console"
max_per_s = 5

[[providers]]
name = "b"
kind = "console"
sender = "Inline"
prices = "b.csv"

[[routes]]
name = "shops"
applications = ["shop"]
purposes = ["payment"]
providers = ["b"]

[[senders]]
sender = "Shop"
provider = "a"
max_per_s = 2
applications = ["shop"]
"""
Configured = Callable[[str], World]


@pytest.fixture
def configured(settings: Settings, tmp_path: Path) -> Iterator[Configured]:
    """Services with a configuration of the test's own."""
    made: list[World] = []

    def configure(text: str) -> World:
        (tmp_path / "b.csv").write_text("country,price,currency\nCH,0.02,USD\n")
        (tmp_path / "otp-service.toml").write_text(text)
        made.append(World(wiring.build(settings.model_copy(update={"config": tmp_path / "otp-service.toml"}))))
        return made[-1]

    yield configure
    for world in made:
        world.core.engine.dispose()


def simulated(world: World, **body: str) -> Any:
    found: Any = world.api.post("/v1/simulate", {"to": NUMBER, **body}).json
    return found["route"]


def test_applications_are_named_as_people_name_them(configured: Configured) -> None:
    """A route and a sender for an application by its name hold for it, and by its purpose only where that is said."""
    world = configured(CONFIGURATION)
    assert simulated(world, purpose="payment")["rule"] == "shops"
    assert simulated(world, purpose="login")["rule"] == "default"
    shown = {choice["provider"]: choice["sender"] for choice in simulated(world)["choices"]}
    assert shown == {"a": "Shop", "b": "Inline"}


def test_a_sender_of_another_application_is_not_shown(configured: Configured) -> None:
    """A sender that is for one application is none for another."""
    world = configured(CONFIGURATION)
    other = world.caller("verifications:start", application=world.application("other", Policy()))
    found: Any = other.post("/v1/simulate", {"to": NUMBER}).json
    assert {lost["provider"]: lost["code"] for lost in found["route"]["lost"]}["a"] == "no_sender"


def test_what_the_configuration_says_reaches_the_decision(configured: Configured) -> None:
    """Rates, prices and senders of the file stand in the routing."""
    routing = configured(CONFIGURATION).core.routing()
    assert [(each.name, each.max_per_s) for each in routing.candidates] == [("a", 5), ("b", None), ("simulator", None)]
    assert routing.prices["b"].price("CH", NUMBER) == 20_000
    assert [sender.max_per_s for sender in routing.senders["a"]] == [2]


def test_a_send_is_charged_by_the_price_file(configured: Configured) -> None:
    """What a start takes of the ceilings is what the dearest known price says."""
    found: Any = configured(CONFIGURATION).api.post("/v1/simulate", {"to": NUMBER}).json
    assert found["price_micros"] == 20_000


def test_an_application_that_is_not_there_is_told_once(configured: Configured) -> None:
    """A name that no application has is told in the log, once, since what is for it holds for nobody."""
    world = configured(CONFIGURATION.replace('applications = ["shop"]', 'applications = ["ghost"]', 1))
    logs_module.set_up("warning")
    with capture_logs() as logs:
        world.core.routing()
        world.policy()
        world.core.routing()
    told = [line["application"] for line in logs if line["event"] == "unknown_application_in_configuration"]
    assert told.count("ghost") == 1
