"""What is known of senders by country."""

from datetime import date
from typing import get_args

import phonenumbers
import pytest

from otp_service.domain.routes.plan import plan_for
from otp_service.domain.routes.sender_rules import COUNTRIES, UNKNOWN, Allowed, CountryRule
from otp_service.domain.routes.sender_table import ROWS


def test_every_row_says_where_and_when_it_was_read() -> None:
    """Every country of the table exists, stands there once, and has a source and the day of it."""
    named = [country for row in ROWS for country in row.countries.split()]
    assert len(named) == len(set(named)) == len(COUNTRIES) >= 60
    assert set(named) <= set(phonenumbers.SUPPORTED_REGIONS)
    for rule in COUNTRIES.values():
        assert rule.source
        assert date.fromisoformat(rule.dated)


def test_the_table_uses_the_words_of_the_rules() -> None:
    """Whether a kind of sender is taken is one of a few words, and a registration says with whom."""
    for rule in COUNTRIES.values():
        assert {rule.alphanumeric, rule.long_code, rule.short_code} <= set(get_args(Allowed))
        assert rule.registry or rule.alphanumeric != "registered"


@pytest.mark.parametrize("country", ["US", "CA", "PR"])
def test_north_america_takes_no_alphanumeric_senders(country: str) -> None:
    """Networks there drop a message from a name."""
    assert COUNTRIES[country].takes("alphanumeric") == "no"
    assert COUNTRIES[country].takes("long_code") != "no"


def test_a_pool_is_the_providers_business() -> None:
    """What is in a pool no table knows."""
    assert COUNTRIES["US"].takes("pool") == UNKNOWN.takes("pool") == "yes"


@pytest.mark.parametrize(
    ("rule", "kind", "todo"),
    [
        (CountryRule("yes"), "alphanumeric", "take an alphanumeric sender; nothing has to be registered"),
        (CountryRule("no", "registered", registry="TCR"), "long_code", "register a long code with TCR"),
        (CountryRule("registered", "yes", registry="R"), "long_code", "take a long code; nothing has to be registered"),
        (CountryRule("replaced", "no", "no"), "alphanumeric", "an alphanumeric sender may be given; networks show"),
        (CountryRule("no", "unknown", "no"), "long_code", "ask your provider: nothing is known here of a long code"),
        (UNKNOWN, "alphanumeric", "ask your provider: nothing is known here of an alphanumeric sender"),
        (CountryRule("no", "no", "no"), "alphanumeric", "no kind of sender is known to work; ask your provider"),
    ],
)
def test_a_plan_takes_the_easiest_way(rule: CountryRule, kind: str, todo: str) -> None:
    """The kind of sender with the least to do for it is planned, and it is said what that is."""
    plan = plan_for("CH", rule)
    assert plan.kind == kind
    assert plan.todo.startswith(todo)
    assert plan.to_register is todo.startswith("register")
