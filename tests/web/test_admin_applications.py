"""Applications and their policy."""

from typing import Any

import pytest

from otp_service.domain.policy import Policy
from tests.web.test_admin_audit import acts, entries
from tests.world import World

PATH = "/v1/admin/applications"


def fields(answer: Any) -> list[str]:
    """The fields by which a request was refused."""
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_field")
    return [error["field"] for error in answer.get_json()["errors"]]


def test_a_new_application_has_the_defaults(world: World) -> None:
    """A new application has the whole policy in force and says what of it was set."""
    answer = world.admin.post(PATH, {"name": "bank", "policy": {"countries": ["CH"], "ttl_s": 300}})
    made = answer.get_json()
    assert answer.status_code == 201
    assert made["overrides"].items() >= {"countries": ["CH"], "ttl_s": 300}.items()
    assert made["policy"].items() >= {"countries": ["CH"], "ttl_s": 300, "max_attempts": 5}.items()
    assert world.admin.get(f"{PATH}/{made['id']}").get_json() == made
    assert made in world.admin.get(PATH).get_json()["items"]


def test_a_new_application_is_audited(world: World) -> None:
    """Creating an application is in the audit with its policy."""
    made = world.admin.post(PATH, {"name": "bank", "policy": {"ttl_s": 300}}).get_json()
    entry = entries(world)[0]
    assert (entry["act"], entry["target"], entry["application"]) == ("application.create", made["id"], made["id"])
    assert entry["after"]["policy"]["ttl_s"] == 300


def test_a_name_that_is_taken_is_a_conflict(world: World) -> None:
    """Two applications can't have one name, and what is refused is not audited."""
    before = acts(world)
    assert world.admin.post(PATH, {"name": "shop"}).status_code == 409
    assert acts(world) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": 7}, "name"),
        ({}, "name"),
        ({"name": "bank", "policy": {"ttl_s": 601}}, "policy.ttl_s"),
        ({"name": "bank", "policy": {"ttl_s": None}}, "policy.ttl_s"),
        ({"name": "bank", "policy": "none"}, "policy"),
        ({"name": "bank", "colour": "red"}, "colour"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(world: World, body: dict[str, Any], field: str) -> None:
    """An application that makes no sense is refused with the field's name."""
    assert fields(world.admin.post(PATH, body)) == [field]


@pytest.mark.parametrize(
    "name",
    [
        *("\u202eknab", "ba\u200bnk", "ba\u200dnk", "\u2066bank\u2069", "\ufeffbank", "ba\u00adnk", "\u061cbank"),
        *("ba\u2028nk", "ba\u2029nk", "ba\x85nk", "@bank", "bank #1", "＠bank", "bank ﹟1", "http://bank", "x：//bank"),
    ],
)
def test_a_name_that_would_mislead_its_readers_is_refused(world: World, name: str) -> None:
    """Messages carry an application's name, so it can't turn text around, hide any, or look like a link or a code."""
    assert fields(world.admin.post(PATH, {"name": name})) == ["name"]


@pytest.mark.parametrize(
    "name", ["Example Inc.", "shop.example.com", "Bäcker & Söhne", "銀行", "बैंक", "☕️ 24/7: O'Neil"]
)
def test_a_name_may_be_what_people_call_it(world: World, name: str) -> None:
    """Dots, spaces and any script are fine in an application's name."""
    assert world.admin.post(PATH, {"name": name}).get_json()["name"] == name


def test_a_patch_merges(world: World) -> None:
    """A patch changes what it names and leaves the rest; the audit has both policies."""
    path = f"{PATH}/{world.shop}"
    world.admin.call("PATCH", path, {"policy": {"limits": {"ip": "9 per hour"}, "ttl_s": 300}})
    changed = world.admin.call("PATCH", path, {"policy": {"limits": {"to": "1 per day"}, "ttl_s": None}}).get_json()
    assert changed["policy"]["limits"] == {**Policy().limits.model_dump(), "ip": "9 per hour", "to": "1 per day"}
    assert changed["policy"]["ttl_s"] == 600
    assert "ttl_s" not in changed["overrides"]
    entry = entries(world)[0]
    assert (entry["act"], entry["target"]) == ("application.set_policy", world.shop)
    assert (entry["before"]["policy"]["ttl_s"], entry["after"]["policy"].get("ttl_s")) == (300, None)


def test_a_patch_is_in_force(world: World) -> None:
    """What a patch sets decides the next start."""
    world.admin.call("PATCH", f"{PATH}/{world.shop}", {"policy": {"countries": ["DE"]}})
    assert world.api.start().get_json()["code"] == "country_not_allowed"


def test_a_patch_that_makes_no_sense_changes_nothing(world: World) -> None:
    """A patch with one bad field changes no field, and is not audited."""
    path, before = f"{PATH}/{world.shop}", acts(world)
    was = world.admin.get(path).get_json()
    answer = world.admin.call("PATCH", path, {"policy": {"ttl_s": 300, "limits": {"ip": "often"}}})
    assert fields(answer) == ["policy.limits.ip"]
    assert world.admin.get(path).get_json() == was
    assert acts(world) == before


def test_a_patch_that_changes_nothing_is_not_audited(world: World) -> None:
    """What changes nothing leaves nothing in the audit."""
    before = acts(world)
    assert world.admin.call("PATCH", f"{PATH}/{world.shop}", {"policy": {"resend_after_s": 0}}).status_code == 200
    assert acts(world) == before


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_an_unknown_application_is_not_found(world: World, method: str) -> None:
    """An application that does not exist is 404."""
    body = {"policy": {}} if method == "PATCH" else None
    assert world.admin.call(method, f"{PATH}/app_0000000000000000000000", body).status_code == 404


def test_it_says_what_an_hour_can_cost(world: World) -> None:
    """An application tells the most that an hour can cost, two copies of each message; null if nothing bounds it."""
    path = f"{PATH}/{world.shop}"
    open_policy = {"spend_per_day_micros": None, "spend_per_country_per_day_micros": None}
    assert world.admin.get(path).get_json()["most_per_hour_micros"] == 2 * 100_000_000
    answer = world.admin.call("PATCH", path, {"policy": open_policy})
    assert answer.get_json()["most_per_hour_micros"] is None
    answer = world.admin.call("PATCH", path, {"policy": {"countries": ["CH"], "limits": {"application": "1 per hour"}}})
    assert answer.get_json()["most_per_hour_micros"] == 2 * 4 * 90_000


def test_a_long_message_costs_no_more_than_was_said(world: World) -> None:
    """The longest message that a template allows costs no more than the most that was told."""
    path, limits = f"{PATH}/{world.shop}", {"application": "1 per hour"}
    policy = {"countries": ["CH"], "spend_per_day_micros": 10**9, "spend_per_country_per_day_micros": None}
    before = world.admin.call("PATCH", path, {"policy": {**policy, "limits": limits}}).get_json()
    body = "{code} " + "{name} " * 10
    world.admin.post("/v1/admin/templates", {"application": "shop", "name": "long", "locale": "en", "body": body})
    told = world.admin.get(path).get_json()["most_per_hour_micros"]
    world.api.start(template="long", variables={"name": "😀" * 40})
    counted = world.admin.get("/v1/admin/limits?application=shop").get_json()["limits"]
    charged = next(limit["used"] for limit in counted if limit["scope"] == "spend")
    assert before["most_per_hour_micros"] < charged <= told
