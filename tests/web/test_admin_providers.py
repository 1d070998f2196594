"""Providers, routes and what a policy can say, for admins."""

from typing import Any

import pytest

from otp_service.domain.policy import Policy
from otp_service.service.admin.policy_fields import every
from tests.web.test_admin_applications import fields
from tests.web.test_admin_audit import acts, entries
from tests.world import World

PATH = "/v1/admin/providers"


def listed(world: World) -> dict[str, dict[str, Any]]:
    """The providers by name."""
    return {item["name"]: item for item in world.admin.get(PATH).get_json()["items"]}


def switch(world: World, name: str = "simulator", **body: Any) -> Any:
    """The answer to a switch."""
    return world.admin.call("PATCH", f"{PATH}/{name}", body)


def in_force(world: World) -> tuple[bool, int]:
    """Whether routing asks the simulator, and its share."""
    [candidate] = world.core.routing().candidates
    return candidate.enabled, candidate.weight


def test_a_provider_is_shown_as_it_does(world: World) -> None:
    """Providers are listed as configured, with their health."""
    told = listed(world)["simulator"]
    assert (told["enabled"], told["health"], told["ill"]) == (True, "well", [])
    assert told["configured"] == {"enabled": True, "weight": 100}
    assert told["switched"] == {"enabled": None, "weight": None}


def test_a_provider_is_switched_off_for_everybody(world: World) -> None:
    """A provider that an admin switches off is asked no more, and the audit says why."""
    told = switch(world, enabled=False, reason="codes come late").get_json()
    assert (told["enabled"], told["configured"]["enabled"], told["switched"]["enabled"]) == (False, True, False)
    assert in_force(world) == (False, 100)
    entry = entries(world)[0]
    assert (entry["act"], entry["target"]) == ("provider.switch", "simulator")
    assert entry["before"] == {"enabled": None, "weight": None}
    assert entry["after"] == {"enabled": False, "weight": None, "reason": "codes come late"}


def test_what_is_not_named_stays_and_null_takes_it_back(world: World) -> None:
    """A switch of the share leaves the other alone; null gives each back to the configuration."""
    switch(world, enabled=False)
    switch(world, weight=7)
    assert in_force(world) == (False, 7)
    switch(world, enabled=None)
    assert in_force(world) == (True, 7)
    switch(world, weight=None)
    assert in_force(world) == (True, 100)
    assert listed(world)["simulator"]["switched"] == {"enabled": None, "weight": None}


def test_a_switch_that_changes_nothing_is_not_audited(world: World) -> None:
    """Switching off what is off leaves no entry."""
    switch(world, enabled=False)
    before = acts(world)
    switch(world, enabled=False)
    assert acts(world) == before


def test_an_unknown_provider_is_not_found(world: World) -> None:
    """A provider that the configuration does not name is 404."""
    assert switch(world, "nobody", enabled=False).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"), [({"weight": -1}, "weight"), ({"weight": 10_001}, "weight"), ({"enabled": "no"}, "enabled")]
)
def test_what_makes_no_sense_is_refused_by_name(world: World, body: dict[str, Any], field: str) -> None:
    """A share below nothing or beyond all bounds is refused by name."""
    assert fields(switch(world, **body)) == [field]


def test_routes_are_read(world: World) -> None:
    """Without a configuration there is no route."""
    assert world.admin.get("/v1/admin/routes").get_json() == {"items": [], "next_cursor": None}


def test_every_field_of_a_policy_says_what_it_means(world: World) -> None:
    """Every field of a policy is told with its meaning, bounds and default."""
    items = {item["field"]: item for item in world.admin.get("/v1/admin/policies").get_json()["items"]}
    assert list(items) == [field.name for field in every()]
    assert {name.partition(".")[0] for name in items} == set(Policy.model_fields)
    assert all(item["meaning"] for item in items.values())
    assert (items["ttl_s"]["least"], items["ttl_s"]["most"], items["ttl_s"]["default"]) == (30, 600, 600)
    assert items["ttl_s"]["is_set"] is None


def test_an_application_shows_what_was_set(world: World) -> None:
    """With an application every field says what it is there and whether somebody set it."""
    world.policy(ttl_s=300, limits={"ip": "3 per hour"})
    items = {item["field"]: item for item in world.admin.get("/v1/admin/policies?application=shop").get_json()["items"]}
    assert (items["ttl_s"]["value"], items["ttl_s"]["is_set"]) == (300, True)
    assert (items["limits.ip"]["value"], items["limits.ip"]["is_set"]) == ("3 per hour", True)
    assert (items["limits.to"]["is_set"], items["max_sends"]["is_set"]) == (False, False)
