"""Which messages a rule is for."""

from dataclasses import replace
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from otp_service.domain.messages import Message
from otp_service.domain.routes.rules import Hours, Rule

CODE = Message("msg_1", "+41791234567", "x", "CH", application="app_1", purpose="login")
NOON = 1_795_345_200_000  # 2026-11-22 11:00:00 UTC, 12:00 in Zurich


@pytest.mark.parametrize(
    ("conditions", "matched"),
    [
        ({}, True),
        ({"countries": {"CH", "LI"}}, True),
        ({"countries": {"DE"}}, False),
        ({"classes": {"code"}}, True),
        ({"classes": {"promotional", "alert"}}, False),
        ({"applications": {"app_1"}}, True),
        ({"applications": {"app_2"}}, False),
        ({"purposes": {"login"}}, True),
        ({"purposes": {"payment"}}, False),
        ({"channels": {"sms"}}, True),
        ({"prefixes": ("+4178", "+4179")}, True),
        ({"prefixes": ("+4178", "+179")}, False),
        ({"countries": {"CH"}, "purposes": {"payment"}}, False),
    ],
)
def test_a_rule_matches_what_meets_all_its_conditions(conditions: dict[str, Any], matched: bool) -> None:
    """Every condition of a rule must be met; what it does not ask for does not matter."""
    assert Rule("r", **conditions).matches(CODE, NOON) is matched


@pytest.mark.parametrize(
    ("begin", "end", "zone", "covered"),
    [
        ((8, 0), (20, 0), "Europe/Zurich", True),
        ((12, 0), (12, 1), "Europe/Zurich", True),
        ((11, 0), (12, 0), "Europe/Zurich", False),
        ((12, 0), (13, 0), "UTC", False),
        ((22, 0), (6, 0), "Europe/Zurich", False),
        ((22, 0), (6, 0), "America/Los_Angeles", True),
        ((22, 0), (6, 0), "Asia/Kolkata", False),
    ],
)
def test_hours_go_by_the_clock_of_their_place(
    begin: tuple[int, int], end: tuple[int, int], zone: str, covered: bool
) -> None:
    """A rule's hours are those of its time zone; they may run over midnight, and the end belongs to what follows."""
    rule = Rule("r", hours=Hours(time(*begin), time(*end), ZoneInfo(zone)))
    assert rule.matches(CODE, NOON) is covered


def test_summer_time_is_observed() -> None:
    """The same hour of the clock is another one in UTC in summer."""
    hours = Hours(time(12), time(13), ZoneInfo("Europe/Zurich"))
    july = 1_783_591_200_000  # 2026-07-09 10:00 UTC
    assert hours.cover(july)
    assert not hours.cover(july + 3_600_000)


def test_a_rule_without_providers_forbids() -> None:
    """An empty list is a ban; no list is everybody."""
    assert Rule("r", asks=()).forbids
    assert not Rule("r").forbids
    assert not replace(Rule("r", asks=()), asks=None).forbids
