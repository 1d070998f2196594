"""The commands that explain refusals, as they are typed."""

import json
from collections.abc import Iterator

import pytest

from otp_service.store.connect import connect
from otp_service.store.refusals import record
from tests.e2e.loaded import Loaded
from tests.e2e.operating import Operator, operating


@pytest.fixture
def admin(commands: Loaded) -> Iterator[Operator]:
    """An installation in which nobody was refused yet."""
    with operating(commands) as operator:
        operator.reads("migrate")
        operator.reads("apps", "create", "Shop", "--countries", "CH,US")
        yield operator


def test_where_nobody_was_refused_there_is_nothing_to_list(admin: Operator) -> None:
    """A list of refusals is empty at first, for an application and for a number."""
    assert admin.gets("refusals", "list") == []
    assert (
        admin.gets("refusals", "list", "--application", "Shop", "--to", "+41791234567", "--code", "rate_limited") == []
    )


def test_an_unknown_reference_is_told(admin: Operator) -> None:
    """A reference that is none, or older than a day, is said to be so."""
    for command in ("show", "exempt"):
        assert "there is no such refusal; they are kept for a day" in admin.is_told("refusals", command, "rf_0_1_1")


def test_what_was_refused_is_listed_and_shown(admin: Operator) -> None:
    """A refusal of a message stands in the list as one, and its reference says why."""
    link = connect(admin.made.environment["OTP_REDIS_URL"])
    told = {"asked_for": "message", "application": "app_x", "test": False, "person": {}}
    evidence = [{"scope": "opt_out", "rule": "refused"}]
    reference = record(link, "{c0}", code="opted_out", evidence=evidence, request="r1", detail=told)
    (listed,) = admin.gets("refusals", "list")
    assert (listed["reference"], listed["asked_for"], listed["code"]) == (reference, "message", "opted_out")
    assert admin.gets("refusals", "show", reference)["reasons"] == [
        "The person has opted out of messages like this one"
    ]
    assert "message" in admin.reads("refusals", "list")


def test_a_list_says_what_it_leaves_out(admin: Operator) -> None:
    """Of more refusals than are wanted the newest are listed, with a word on the rest; of as many none is missed."""
    link = connect(admin.made.environment["OTP_REDIS_URL"])
    told, evidence = {"application": "app_x", "test": False, "person": {}}, [{"scope": "to", "rule": "rate_limited"}]
    codes = ("rate_limited", "max_sends", "rate_limited", "rate_limited", "max_sends")
    for code in codes:
        record(link, "{c0}", code=code, evidence=evidence, request="r1", detail=told)
    some = admin.types("refusals", "list", "--code", "rate_limited", "--limit", "2", "--json")
    assert ([each["code"] for each in json.loads(some.stdout)], "the newest 2" in some.stderr) == ([codes[0]] * 2, True)
    just = admin.types("refusals", "list", "--code", "max_sends", "--limit", "2", "--json")
    assert ([each["code"] for each in json.loads(just.stdout)], just.stderr) == ([codes[1]] * 2, "")
    assert [each["code"] for each in admin.gets("refusals", "list", "--all")] == list(codes[::-1])


def test_each_reason_is_a_line_of_its_own(admin: Operator) -> None:
    """Sentences stand one below the other, so that several can be read."""
    link = connect(admin.made.environment["OTP_REDIS_URL"])
    told = {"application": "app_x", "test": False, "person": {}}
    evidence = [{"scope": each, "rule": "rate_limited"} for each in ("to", "ip")]
    reference = record(link, "{c0}", code="rate_limited", evidence=evidence, request="r1", detail=told)
    lines = [line.strip() for line in admin.reads("refusals", "show", reference).splitlines()]
    assert "The limit for the client's address is used up" in lines
