"""Where messages go by the configuration alone."""

import pytest

from otp_service.domain.messages import Message
from otp_service.domain.provider_file import ProviderEntry, ProviderFile, with_simulator
from otp_service.domain.routes.decide import decide
from otp_service.domain.routes.routing import Routing
from otp_service.service.routing import candidate_of

CODE = Message("msg_1", "+41791234567", "123456 is your code", "CH")
TEST = Message("msg_3", "+41791234567", "123456 is your code", "CH", test=True)
CONFIGURED = ProviderFile((ProviderEntry("t", "twilio", 50),))


def asked(file: ProviderFile, message: Message) -> list[str]:
    """Who is asked for a message."""
    routing = Routing(tuple(map(candidate_of, file.providers)))
    return [choice.provider for choice in decide(routing, message, {}, 0).choices]


@pytest.mark.parametrize("development", [True, False])
def test_real_messages_go_to_the_real_provider(development: bool) -> None:
    """With a configured provider a real message goes there and a test message to the simulator, in development too."""
    file = with_simulator(CONFIGURED, development=development)
    assert (asked(file, CODE), asked(file, TEST)) == (["t"], ["simulator"])


def test_production_without_a_provider_sends_nothing_real() -> None:
    """In production without a configured provider a real message has nowhere to go."""
    file = with_simulator(ProviderFile(), development=False)
    assert (asked(file, CODE), asked(file, TEST)) == ([], ["simulator"])


def test_development_without_a_file_sends_to_the_phone() -> None:
    """In development without a configuration every message goes to the simulated phone."""
    file = with_simulator(ProviderFile(), development=True)
    assert (asked(file, CODE), asked(file, TEST)) == (["simulator"], ["simulator"])
