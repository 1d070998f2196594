"""The routes of the configuration."""

from datetime import time
from zoneinfo import ZoneInfo

import pytest

from otp_service.domain.routes.rules import Ask, Hours, Rule
from tests.domain.config_file.texts import RATES, parse, problems, route


def test_a_route_with_every_condition() -> None:
    """A route is read with all its conditions, whom it asks, its timeout and its ceiling in our money."""
    text = route(
        'name = "codes-at-night"',
        'applications = ["shop"]',
        'classes = ["code"]',
        'countries = ["CH", "LI"]',
        'prefixes = ["+4179"]',
        'purposes = ["login"]',
        'channels = ["sms"]',
        'hours = "22:00-06:00"',
        'timezone = "Europe/Zurich"',
        'providers = ["b", { name = "a", priority = 5, weight = 30, max_price_micros = 9000 }]',
        "receipt_timeout_s = 20",
        'max_price = "0.05 EUR"',
    )
    assert parse(RATES + text).rules == (
        Rule(
            "codes-at-night",
            (Ask("b"), Ask("a", 5, 30, 9000)),
            applications=frozenset({"shop"}),
            classes=frozenset({"code"}),
            countries=frozenset({"CH", "LI"}),
            prefixes=("+4179",),
            purposes=frozenset({"login"}),
            channels=frozenset({"sms"}),
            hours=Hours(time(22), time(6), ZoneInfo("Europe/Zurich")),
            receipt_timeout_s=20,
            max_price_micros=54_000,
        ),
    )


def test_a_route_without_conditions_or_providers() -> None:
    """A route may be for every message and ask every provider; without a name it is called by its place."""
    assert parse(route("receipt_timeout_s = 30")).rules == (Rule("route-1", receipt_timeout_s=30),)


def test_a_route_that_forbids() -> None:
    """An empty list of providers is a ban, whose reason must be said."""
    found = parse(route("providers = []", 'reason = "no roaming"')).rules[0]
    assert (found.forbids, found.reason) == (True, "no roaming")
    assert problems(route("providers = []")) == ["line 7, route number 1: reason: say why these messages are not sent"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('country = ["CH"]', "country: is not known here; known are name, applications, classes, countries"),
        ('name = "A b"', "name: must be 1 to 32 lower-case letters"),
        ('classes = ["otp"]', "classes: must be a list of words among code, transactional, promotional, alert"),
        ("classes = []", "classes: must be a list of"),
        ('countries = ["XX"]', "countries: unknown country 'XX'"),
        ('prefixes = ["4179"]', "prefixes: must be a list of beginnings of numbers such as +4179"),
        ('purposes = ["Login!"]', "purposes: must be a list of purposes such as login"),
        ('channels = ["pigeon"]', "channels: must be a list of words among sms"),
        ('hours = "22:00-06:00"', "hours: hours and timezone go together"),
        ('timezone = "Europe/Zurich"', "hours: hours and timezone go together"),
        ('hours = "9-17"\ntimezone = "UTC"', "hours: must be two times of the day"),
        ('hours = "09:00-09:00"\ntimezone = "UTC"', "hours: must be two times of the day"),
        ('hours = "09:00-17:00"\ntimezone = "Mars/Olympus"', "timezone: must be the name of a time zone"),
        ('hours = "09:00-17:00"\ntimezone = "../../etc/passwd"', "timezone: must be the name of a time zone"),
        ('providers = "a"', "providers: must be a list of names"),
        ('providers = ["c"]', "providers: there is no provider 'c'"),
        ('providers = ["a", "a"]', "providers: names a provider twice"),
        ('providers = [{ priority = 1 }]', "providers: name of number 1: is missing"),
        ('providers = ["a", { name = "b", weight = -1 }]', "providers: weight of number 2: must be a whole number"),
        ('providers = ["a"]\nreason = "x"', "reason: belongs to a rule that forbids"),
        ("receipt_timeout_s = 4", "receipt_timeout_s: must be a whole number from 5 to 600"),
        ("max_price = 0.05", 'max_price: must be an amount and its currency, such as "0.05 EUR"'),
        ('max_price = "0.05 CHF"', "max_price: there is no rate for CHF; add it to [currencies]"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_route_is_told_with_its_place(line: str, complaint: str) -> None:
    """A mistake in a route is told with line, field and what to do."""
    [found] = problems(route(line))
    assert found.partition(": ")[2].startswith(complaint)
    assert found.startswith("line 7, route ")


def test_routes_have_different_names() -> None:
    """Two routes of one name could not be told apart where a decision names its rule."""
    text = route('name = "x"', "[[routes]]", 'name = "x"')
    assert problems(text) == ["line 9, route 'x': name: there is one of this name already; choose another"]
