"""The commands about routes, senders and providers, as they are typed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from otp_service.ledger import suspensions
from otp_service.ledger.changes import AuditKey, change
from otp_service.ledger.engine import make_engine
from tests.e2e.loaded import Loaded
from tests.e2e.operating import Operator, operating
from tests.world import NUMBER

AMERICAN = "+12025550123"
NOW = 1_795_000_000_000
CONFIGURATION = """\
[currencies]
dated = 2026-11-01
EUR = 1.10

[[providers]]
name = "cheap"
kind = "console"
priority = 10
countries = ["CH", "US"]
prices = "cheap.csv"

[[providers]]
name = "dear"
kind = "console"
priority = 20

[[routes]]
name = "nobody-at-night"
countries = ["CH"]
classes = ["transactional"]
hours = "22:00-06:00"
timezone = "Europe/Zurich"
providers = []
reason = "people sleep"

[[routes]]
name = "swiss"
countries = ["CH"]
max_price = "0.06 EUR"
providers = ["cheap", { name = "dear", priority = 5 }]
receipt_timeout_s = 20

[[senders]]
sender = "Shop"
provider = "cheap"
countries = ["CH"]
expires_at = 2099-01-01

[[senders]]
sender = "+12025550100"
provider = "cheap"
countries = ["US"]
state = "pending"
registration = "10dlc"

[[senders]]
sender = "Shop"
provider = "dear"
"""


@pytest.fixture(scope="module")
def admin(migrated: Path, commands: Loaded) -> Iterator[Operator]:
    """An installation with two providers, rules and senders, and nothing running."""
    with operating(commands) as operator:
        folder = operator.made.folder
        shutil.copy(migrated, folder / "otp.db")
        (folder / "routes.toml").write_text(CONFIGURATION)
        (folder / "cheap.csv").write_text("country,price,currency\nCH,0.05,EUR\n")
        operator.made.environment["OTP_CONFIG"] = str(folder / "routes.toml")
        operator.reads("apps", "create", "Shop", "--countries", "CH,US")
        yield operator


def test_a_route_is_explained(admin: Operator) -> None:
    """It is told who would be asked, under which sender and for how much, and why each other one would not."""
    found = admin.gets("route", "explain", NUMBER)
    assert (found["rule"], found["reason"]) == ("swiss", None)
    [choice] = found["choices"]
    assert (choice["provider"], choice["sender"]) == ("cheap", "Shop")
    assert (choice["price_micros"], choice["receipt_timeout_s"]) == (55_000, 20)
    assert {lost["provider"]: lost["code"] for lost in found["lost"]} == {
        "dear": "price_above_ceiling",
        "simulator": "not_in_rule",
    }


def test_people_read_the_same(admin: Operator) -> None:
    """What programs get as JSON is told to people in lines."""
    told = admin.reads("route", "explain", NUMBER)
    assert "the rule is swiss." in told
    assert "cheap     Shop    0.055 USD  20" in told
    assert "dear as Shop: price_above_ceiling: it takes 0.09 USD for the message, the ceiling is 0.066 USD" in told


def test_a_route_is_explained_for_another_time_and_kind(admin: Operator) -> None:
    """Rules that hold at some hours, or for some messages, are seen by asking for those."""
    asked = ("route", "explain", NUMBER, "--class", "transactional")
    assert admin.gets(*asked, "--at", "2026-11-22T12:00:00Z")["rule"] == "swiss"
    night = admin.gets(*asked, "--at", "2026-11-22T23:00:00Z")
    assert (night["rule"], night["reason"]) == ("nobody-at-night", "no_provider")
    assert {lost["detail"] for lost in night["lost"]} == {"people sleep"}


def test_a_country_without_an_approved_sender_is_told_so(admin: Operator) -> None:
    """Where no sender may be shown, the reason is the sender's."""
    found = admin.gets("route", "explain", AMERICAN, "--application", "Shop")
    assert (found["choices"], found["reason"]) == ([], "unregistered_sender")
    assert {lost["provider"]: lost["code"] for lost in found["lost"]} == {
        "cheap": "sender_not_approved",
        "dear": "sender_not_allowed",
        "simulator": "test_only",
    }


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("nonsense",), "to: "),
        ((NUMBER, "--application", "Nobody"), "there is no such application"),
        ((NUMBER, "--at", "soon"), "at: write it as 2027-01-01T00:00:00Z"),
    ],
)
def test_what_cannot_be_explained_is_said(admin: Operator, asked: tuple[str, ...], told: str) -> None:
    """A number, application or time that makes no sense is told in a line."""
    assert told in admin.is_told("route", "explain", *asked)


def test_providers_are_listed(admin: Operator) -> None:
    """Every provider is listed with its place in the order and how it does."""
    listed = {row["name"]: row for row in admin.gets("providers", "list")}
    assert list(listed) == ["cheap", "dear", "simulator"]
    assert (listed["cheap"]["priority"], listed["cheap"]["countries"]) == (10, ["CH", "US"])
    assert {row["health"] for row in listed.values()} <= {"well", "unknown"}
    assert listed["simulator"]["for"] == "tests"


def test_senders_are_listed_with_what_is_amiss(admin: Operator) -> None:
    """Every sender is listed by provider, with its state and why it is not shown."""
    found = admin.gets("senders", "list")
    assert found["taken_out"] == []
    told = [(row["provider"], row["sender"], row["kind"], row["amiss"]) for row in found["senders"]]
    assert told == [
        ("cheap", "Shop", "alphanumeric", None),
        ("cheap", "+12025550100", "long_code", "its registration is pending"),
        ("dear", "Shop", "alphanumeric", None),
    ]


def test_a_sender_that_is_not_out_is_not_put_back(admin: Operator) -> None:
    """Putting back what nobody took out is refused."""
    assert "is not taken out" in admin.is_told("senders", "restore", "cheap", "Shop")


def test_a_sender_that_was_taken_out_is_listed_and_put_back(admin: Operator) -> None:
    """What a vendor called unregistered stands in the list and carries nothing, until an admin puts it back."""
    engine = make_engine(f"sqlite:///{admin.made.folder}/otp.db")
    with change(engine, AuditKey("index", b"k" * 32), "service", NOW) as opened:
        suspensions.suspend(opened, "cheap", "Shop", "CH", "unregistered_sender", "30034", sent_ms=NOW)
    engine.dispose()
    listed = admin.gets("senders", "list")
    assert listed["senders"][0]["out_in"] == ["CH"]
    assert [(each["sender"], each["country"], each["raw"]) for each in listed["taken_out"]] == [("Shop", "CH", "30034")]
    assert "sender_suspended" in admin.reads("route", "explain", NUMBER)
    assert "Shop of cheap is shown again in CH" in admin.reads("senders", "restore", "cheap", "Shop", "--country", "CH")
    assert admin.gets("senders", "list")["taken_out"] == []
    assert admin.gets("route", "explain", NUMBER)["choices"][0]["sender"] == "Shop"


def test_registrations_are_planned(admin: Operator) -> None:
    """For each country it is told what to register, with whom, how long it takes, and which texts to show."""
    found = admin.gets("senders", "plan", "--countries", "us,SG,IN,DE,KP")
    plans = {plan["country"]: plan for plan in found["countries"]}
    assert list(plans) == ["US", "SG", "IN", "DE", "KP"]
    assert (plans["US"]["kind"], plans["US"]["allowed"]) == ("long_code", "registered")
    assert "Campaign Registry" in plans["US"]["todo"]
    assert plans["US"]["have"][0] == "cheap: +12025550100 (its registration is pending)"
    assert (plans["DE"]["kind"], plans["DE"]["allowed"]) == ("alphanumeric", "yes")
    assert (plans["KP"]["allowed"], plans["KP"]["source"]) == ("unknown", None)
    assert all(plan["source"] and plan["dated"] for country, plan in plans.items() if country != "KP")
    assert any("000000" in text for text in found["texts"])
    assert "US: register a long code with The Campaign Registry" in admin.reads("senders", "plan", "--countries", "US")


def test_a_mistake_in_the_configuration_is_told_by_every_command(admin: Operator) -> None:
    """What is wrong with routes, senders and price files is told at once, with line and place."""
    folder = admin.made.folder
    (folder / "wrong.toml").write_text(CONFIGURATION.replace('"swiss"', '"Swiss"').replace("cheap.csv", "none.csv"))
    told = admin.is_told("route", "explain", NUMBER, OTP_CONFIG=str(folder / "wrong.toml"))
    assert "wrong.toml line 5, provider 'cheap': prices: the file can't be read" in told
    assert "wrong.toml line 26, route number 2: name: must be 1 to 32 lower-case letters" in told
