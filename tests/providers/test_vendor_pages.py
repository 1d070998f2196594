"""The vendors' pages: their examples are valid, they name every option, and their errors are known."""

import re
from pathlib import Path

import pytest

from otp_service.domain.config_file.provider_file import parse_provider_file
from otp_service.providers import PROVIDERS, build_all, examine
from otp_service.providers.matrix import vendors
from tests.providers.test_vonage import PEM

PAGES = Path(__file__).parents[2] / "docs" / "providers"
ENVIRONMENT = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "1" * 32,
    "TWILIO_MESSAGING_SERVICE_SID": "MG" + "0" * 32,
    "VONAGE_API_SECRET": "hush",
    "VONAGE_SIGNATURE_SECRET": "hush",
    "VONAGE_PRIVATE_KEY": PEM,
    "TELNYX_API_KEY": "KEY1",
    "PLIVO_AUTH_ID": "MA000000000000000001",
    "PLIVO_AUTH_TOKEN": "hush",
    "INFOBIP_API_KEY": "hush",
    "SINCH_SERVICE_PLAN_ID": "plan1",
    "SINCH_API_TOKEN": "hush",
    "SINCH_WEBHOOK_SECRET": "hush",
    "MESSAGEBIRD_ACCESS_KEY": "hush",
    "MESSAGEBIRD_SIGNING_KEY": "hush",
    "KANNEL_PASSWORD": "hush",
    "AWS_SMS_ACCESS_KEY_ID": "AKIDEXAMPLE000000001",
    "AWS_SMS_SECRET_ACCESS_KEY": "hush",
}
each_kind = pytest.mark.parametrize("kind", vendors())


def page(kind: str) -> str:
    return (PAGES / f"{kind}.md").read_text()


@each_kind
def test_example_of_a_page_is_valid(kind: str) -> None:
    """The example of a vendor's page configures a provider of that kind that sends receipts."""
    example = re.findall(r"```toml\n(.*?)```", page(kind), re.DOTALL)[0]
    (provider,) = build_all(parse_provider_file(example, ENVIRONMENT, examine)).values()
    assert (provider.kind, provider.sends_receipts) == (kind, True)


@each_kind
def test_page_names_every_option(kind: str) -> None:
    """Every option of a kind stands in its page."""
    assert [name for name in PROVIDERS[kind].options_type.model_fields if f"`{name}`" not in page(kind)] == []


@each_kind
def test_errors_of_a_page_are_known(kind: str) -> None:
    """Every word in a page's table of errors is one that the provider has a sentence for."""
    rows = page(kind).partition("## What errors mean")[2].splitlines()
    told = [word for row in rows if row.startswith("| `") for word in re.findall(r"`([^`]+)`", row.split("|")[1])]
    assert told
    assert [word for word in told if not getattr(PROVIDERS[kind], "errors", {}).get(word)] == []
