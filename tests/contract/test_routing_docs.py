"""The pages about routing and senders say what the code says."""

import re
from pathlib import Path
from typing import get_args

from otp_service.domain.config_file import routes, senders
from otp_service.domain.config_file.provider_file import parse_provider_file
from otp_service.domain.routes.decide import LOST
from otp_service.domain.routes.sender_rules import COUNTRIES, Allowed
from tests.contract.spec import at

DOCS = Path(__file__).parents[2] / "docs"
ROUTING, SENDERS = (DOCS / "routing.md").read_text(), (DOCS / "senders.md").read_text()
PROVIDERS = "".join(f'[[providers]]\nname = "{name}"\nkind = "console"\n' for name in ("gateway", "twilio", "cheap"))


def told(text: str, heading: str) -> list[str]:
    """The words in the first column of the tables under a heading."""
    section = text.partition(heading)[2].partition("\n## ")[0]
    return [
        word for cell in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE) for word in re.findall(r"`(\w+)`", cell)
    ]


def examples(text: str) -> list[str]:
    return re.findall(r"```toml\n(.*?)```", text, re.DOTALL)


def test_every_reason_is_explained() -> None:
    """Why a provider is passed over is the same list in the code, in openapi.yaml and in the docs."""
    assert at(("components", "schemas", "LostCode"))["enum"] == list(LOST)
    assert told(ROUTING, "## Why a provider") == list(LOST)


def test_every_field_of_a_rule_is_explained() -> None:
    """The docs explain each field of a route and of a sender, and no other."""
    assert {*told(ROUTING, "## Rules"), "name", "reason"} == set(routes.CHECKS)
    assert set(told(SENDERS, "## The inventory")) >= set(senders.CHECKS)


def test_every_word_of_the_table_is_explained() -> None:
    """The docs explain what the table of countries may say, and how much it knows."""
    assert set(told(SENDERS, "## What is known")) == set(get_args(Allowed))
    assert all(f"`{field}`" in SENDERS for field in senders.RULE_CHECKS)
    assert f"knows {len(COUNTRIES) // 10 * 10} countries" in SENDERS


def test_the_examples_can_be_read() -> None:
    """Each example of the configuration is accepted as it stands."""
    prices = re.findall(r"```csv\n(.*?)```", ROUTING, re.DOTALL)[0]
    rules, priced = examples(ROUTING)
    others = PROVIDERS.replace('"gateway"', '"other"')
    found = parse_provider_file(f'{priced}kind = "console"\n{others}{rules}', {}, read=lambda path: prices)
    assert [rule.name for rule in found.rules] == ["no-roaming", "swiss-codes", "newsletters-by-day"]
    assert found.providers[0].prices.price("CH", "+41791234567") == 64_960
    for example in examples(SENDERS):
        parse_provider_file(PROVIDERS + example, {})
