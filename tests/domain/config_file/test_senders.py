"""The senders of the configuration, and what it knows better of a country's rules."""

from dataclasses import replace

import pytest

from otp_service.domain.routes.sender_rules import COUNTRIES
from otp_service.domain.routes.senders import Sender
from tests.domain.config_file.texts import parse, problems, sender


def test_a_sender_with_all_that_is_known_of_it() -> None:
    """A sender is read with its kind, places, state, dates and pace; `${NAME}` stands for the environment there too."""
    text = sender(
        'sender = "${SENDER}"',
        'kind = "long_code"',
        'providers = ["a", "b"]',
        'countries = ["US"]',
        'state = "pending"',
        "registered_at = 2026-01-31",
        'expires_at = "2027-01-31T12:00:00+01:00"',
        'registration = "10dlc"',
        "max_per_s = 1.5",
        'applications = ["shop"]',
    )
    assert parse(text).senders == (
        Sender(
            "+41791234567",
            "long_code",
            frozenset({"a", "b"}),
            frozenset({"US"}),
            "pending",
            1_769_817_600_000,
            1_801_393_200_000,
            "10dlc",
            1.5,
            frozenset({"shop"}),
        ),
    )


def test_a_short_sender_entry() -> None:
    """A sender and whose it is are enough: its kind shows in its looks, and it is taken to be approved."""
    assert parse(sender('sender = "Shop"', 'provider = "a"')).senders == (
        Sender("Shop", "alphanumeric", frozenset({"a"})),
    )


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (['provider = "a"'], "sender: is missing"),
        (['sender = "Shop"'], "provider: say whose it is: either provider or providers"),
        (['sender = "Shop"', 'provider = "a"', 'providers = ["b"]'], "provider: say whose it is"),
        (['sender = "Shop"', 'provider = "c"'], "provider: there is no provider 'c'"),
        (['sender = "Shop"', 'provider = "a"', 'kind = "short_code"'], "sender: a short code has 3 to 8 digits"),
        (['sender = "Shop"', 'provider = "a"', 'state = "maybe"'], "state: must be one of approved, pending"),
        (['sender = "Shop"', 'provider = "a"', "expires_at = 08:00:00"], "expires_at: must be a date"),
        (['sender = "Shop"', 'provider = "a"', "max_per_s = 0"], "max_per_s: must be a number of messages a second"),
        (['sender = "${NOBODY}"', 'provider = "a"'], "sender: the environment has no NOBODY"),
        (['sender = "Shop"', 'provider = "a"', 'colour = "red"'], "colour: is not known here"),
    ],
)
def test_a_mistake_in_a_sender_is_told_with_its_place(lines: list[str], complaint: str) -> None:
    """A mistake in a sender is told with line, field and what to do."""
    [found] = problems(sender(*lines))
    assert found.startswith(f"line 7, sender number 1: {complaint}")


def test_a_country_rule_stands_over_the_table() -> None:
    """What the configuration says of a country replaces those fields of the built-in row, and no other row."""
    rules = parse('[sender_rules.US]\nshort_code = "no"\nlead_days = 5\n').country_rules
    known = COUNTRIES["US"]
    assert rules["US"] == replace(known, short_code="no", lead_days=5, source="otp-service.toml", dated="")
    assert rules["CA"] is COUNTRIES["CA"]
