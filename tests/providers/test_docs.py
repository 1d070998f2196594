"""The guide's examples are valid, so that a copy of them starts."""

import re
from pathlib import Path

from otp_service.domain.config_file.provider_file import parse_provider_file
from otp_service.domain.messages import Callback
from otp_service.domain.routing import BACK_OFF_S
from otp_service.providers import build_all, examine
from otp_service.providers.placeholders import OF_MESSAGE

DOCS = Path(__file__).parents[2] / "docs"
GUIDE, ROUTING = (DOCS / "providers.md").read_text(), (DOCS / "routing.md").read_text()
EXAMPLE = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)[0]
ENVIRONMENT = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "1" * 32,
    "TWILIO_MESSAGING_SERVICE_SID": "MG" + "0" * 32,
    "GATEWAY_TOKEN": "t0ken",
    "GATEWAY_RECEIPTS_SECRET": "hush",
}


def test_example_of_the_guide_is_valid() -> None:
    """The example of the guide configures two providers that send receipts."""
    providers = build_all(parse_provider_file(EXAMPLE, ENVIRONMENT, examine))
    assert {name: provider.sends_receipts for name, provider in providers.items()} == {
        "twilio-eu": True,
        "gateway": True,
    }


def test_example_of_the_guide_reads_a_receipt() -> None:
    """The example of the guide believes and reads a receipt that carries its secret."""
    gateway = build_all(parse_provider_file(EXAMPLE, ENVIRONMENT, examine))["gateway"]
    told = Callback(
        "POST",
        "https://otp.example/v1/callbacks/gateway/tok/receipts",
        {"x-gateway-secret": "hush", "content-type": "application/json"},
        b'{"message": {"id": "7", "status": "DELIVRD"}}',
    )
    assert gateway.authentic(told, 0)
    assert [receipt.status for receipt in gateway.receipts(told)] == ["delivered"]


def test_guide_names_every_placeholder() -> None:
    """Every placeholder stands in the guide."""
    assert [name for name in OF_MESSAGE if f"`{{{name}}}`" not in GUIDE] == []


def test_guide_tells_the_true_back_off() -> None:
    """The waits that the guide tells are those of the code."""
    *first, last = BACK_OFF_S
    assert f"after {', '.join(map(str, first))}, then always {last} seconds" in ROUTING
