"""Reports over HTTP and on the command line."""

import csv
import io
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from otp_service.domain.policy import Policy
from otp_service.ledger.facts import apply_facts
from tests.ledger.telling import HOUR, story
from tests.world import World

DAY = 24 * HOUR
AT = 1_795_000_000_000  # in November 2026
FROM, TO = "2026-11-17T00:00:00Z", "2026-11-20T00:00:00Z"
SPAN = f"from={FROM}&to_time={TO}"


@pytest.fixture
def told(world: World) -> World:
    """A service that has sent three codes, two of them for another application."""
    bank = world.application("bank", Policy())
    for number, application in enumerate((world.shop, bank, bank)):
        apply_facts(world.core.engine, story(number, application, AT))
    return world


def test_an_application_reads_its_own_figures(told: World) -> None:
    """What it sent, what arrived, and how many were typed in; a test key's are apart."""
    found = told.caller("reports").get(f"/v1/reports?by=provider&{SPAN}").get_json()
    (item,) = found["items"]
    assert (item["key"], item["messages"], item["delivered"], item["converted"]) == ("simulator", 1, 1, 1)
    assert (item["conversion"], item["suspicious"], item["deliver_ms_p50"]) == (1.0, False, 5000)
    assert (found["total"]["messages"], found["currency"]) == (1, "USD")
    assert told.caller("reports", test=True).get(f"/v1/reports?{SPAN}").get_json()["items"] == []


@pytest.mark.parametrize("by", ["provider", "country", "prefix", "route", "error", "application", "hour", "day"])
def test_admins_read_all_figures(told: World, by: str) -> None:
    """By whatever they are grouped."""
    found = told.admin.get(f"/v1/admin/reports?by={by}&{SPAN}").get_json()
    assert sum(item["messages"] for item in found["items"]) == (0 if by == "error" else 3)


@pytest.mark.parametrize(("by", "begins"), [("minute", "11:06"), ("hour", "11:00"), ("day", "00:00")])
def test_the_funnel_over_time_goes_from_a_request_to_a_verified_person(told: World, by: str, begins: str) -> None:
    """By minute, hour or day, each told as when it begins: queued, accepted, delivered, typed in, right."""
    span = "from=2026-11-18T00:00:00Z&to_time=2026-11-19T00:00:00Z"
    (slot,) = told.admin.get(f"/v1/admin/reports?by={by}&{span}").get_json()["items"]
    assert slot["key"] == f"2026-11-18T{begins}:00.000Z"
    assert [slot[step] for step in ("messages", "accepted", "delivered", "checked", "converted")] == [3] * 5


def test_a_prefix_is_that_of_its_operator(world: World) -> None:
    """Blocks of ten thousand numbers count for the prefix that they belong to; of one country if asked."""
    blocks = [("CH", "+4179123"), ("CH", "+4179999"), ("CH", "+4178123"), ("DE", "+491512345")]
    for number, (country, block) in enumerate(blocks):
        facts = story(number, world.shop, AT)
        for fact in facts:
            if "person" in fact.data:
                fact.data["country"] = country
                fact.data["person"] |= {"country": country, "block": block}
        apply_facts(world.core.engine, facts)
    items = world.admin.get(f"/v1/admin/reports?by=prefix&country=CH&{SPAN}").get_json()["items"]
    assert [(item["key"], item["messages"]) for item in items] == [("+4179", 2), ("+4178", 1)]
    assert len(world.admin.get(f"/v1/admin/reports?by=prefix&{SPAN}").get_json()["items"]) == 3


def test_an_admin_may_ask_for_one_application_by_name(told: World) -> None:
    """By id or by name; one that doesn't exist is a 404."""
    assert told.admin.get(f"/v1/admin/reports?application=bank&{SPAN}").get_json()["total"]["messages"] == 2
    assert told.admin.get("/v1/admin/reports?application=nobody").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "by=weather",
        f"by=minute&{SPAN}",
        f"from={TO}&to_time={FROM}",
        "from=2020-01-01T00:00:00Z",
        "country=ch",
        "number=1",
        "from=x",
    ],
)
def test_a_report_that_makes_no_sense_is_refused(told: World, query: str) -> None:
    """Unknown groups and parameters, times the wrong way round, and spans of years."""
    assert told.admin.get(f"/v1/admin/reports?{query}").status_code == 422


def test_reports_need_their_scope(told: World) -> None:
    """An application's own need `reports`, all of them `admin`."""
    assert told.api.get("/v1/reports").status_code == 403
    assert told.caller("reports").get("/v1/admin/reports").status_code == 403


def test_who_lies_is_marked(world: World) -> None:
    """Of two providers in one country, the one whose delivered codes nobody types in."""
    honest = [fact for number in range(60) for fact in story(number, world.shop, AT)]
    apply_facts(world.core.engine, honest)
    for number in range(100, 160):
        lie = [fact for fact in story(number, world.shop, AT) if fact.data.get("event") not in ("guessed", "approved")]
        for fact in lie:
            if fact.type == "message" and fact.data["status"] == "accepted":
                fact.data["provider"] = "liar"
        apply_facts(world.core.engine, lie)
    found = world.admin.get(f"/v1/admin/reports?by=route&{SPAN}").get_json()["items"]
    marked = {item["key"]: (item["suspicious"], item["delivered_unconverted"]) for item in found}
    assert marked == {"simulator/": (False, 0), "liar/": (True, 60)}


def command(world: World, *arguments: str) -> str:
    settings = world.parts.settings
    given = {
        "OTP_ENV": "development",
        "OTP_REDIS_URL": settings.redis_url,
        "OTP_DATABASE_URL": settings.database_url.get_secret_value(),
        "OTP_MASTER_KEYS": settings.master_keys.get_secret_value(),
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTP_")} | given
    line = [sys.executable, "-m", "otp_service", "reports", *arguments, "--from", FROM, "--to", TO]
    return subprocess.run(line, env=environment, check=True, capture_output=True, text=True, timeout=300).stdout


def test_reports_on_the_command_line(told: World) -> None:
    """As a table with a last line for all, as JSON, and as CSV."""
    table = command(told).splitlines()
    assert [line.split()[:2] for line in table] == [["key", "messages"], ["simulator", "3"], ["all", "3"]]
    items: list[dict[str, Any]] = json.loads(command(told, "hour", "--json"))
    assert [(item["key"], item["messages"]) for item in items] == [("2026-11-18T11:00:00.000Z", 3)]
    rows = list(csv.DictReader(io.StringIO(command(told, "country", "--application", "bank", "--csv"))))
    assert [row["messages"] for row in rows] == ["2"]
