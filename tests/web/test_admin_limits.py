"""Limits: what counts now, and starting the count again."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.clock import TimedWorld
from tests.web.test_admin_applications import fields
from tests.web.test_admin_audit import acts, entries
from tests.world import NUMBER, OTHER_NUMBER, START, World

PATH = "/v1/admin/limits"
IP = "203.0.113.7"
LIMITS = {"to": "2 per hour", "ip": "3 per hour", "application": "100 per hour; 200 per day", "prefix": "4 per hour"}


def path(**query: str) -> str:
    """The path of the limits of `shop` that this query asks for."""
    return f"{PATH}?{urlencode({'application': 'shop', **query})}"


def used(world: World, **query: str) -> dict[str, int]:
    """What is used of each limit (of two in one scope, of the first)."""
    found = world.admin.get(path(**query)).get_json()["limits"]
    return {each["scope"]: each["used"] for each in reversed(found)}


def start(world: World, to: str = NUMBER, ip: str = IP) -> Any:
    """A start from a client address."""
    return world.api.start(to, client={"ip": ip})


@pytest.fixture
def world(timed: TimedWorld) -> World:
    """A service in which no time passes between two requests."""
    return timed


@pytest.fixture(autouse=True)
def limited(world: World) -> None:
    """Limits on everything."""
    world.policy(limits=LIMITS)


def test_it_shows_every_limit_that_a_start_meets(world: World) -> None:
    """Limits are shown with what is used and left of them, in the order in which they refuse."""
    start(world)
    answer = world.admin.get(path(to=NUMBER, ip=IP)).get_json()
    assert (answer["application"], answer["to"], answer["ip"]) == (world.shop, "+4179•••4567", IP)
    assert [(each["scope"], each["amount"], each["period_s"], each["used"]) for each in answer["limits"]] == [
        ("to", 2, 3600, 1),
        ("prefix", 4, 3600, 1),
        ("ip", 3, 3600, 1),
        ("application", 100, 3600, 1),
        ("application", 200, 86400, 1),
        ("spend", 100_000_000, 86400, 90_000),
        ("spend_country", 25_000_000, 86400, 90_000),
    ]
    assert all(each["left"] == each["amount"] - each["used"] for each in answer["limits"])


def test_without_a_number_or_an_address_only_shared_limits_are_shown(world: World) -> None:
    """An application's own limits are its sends and its spend."""
    assert list(used(world)) == ["spend", "application"]


def test_looking_uses_nothing_up(world: World) -> None:
    """Looking at limits leaves them as they are."""
    assert used(world, to=NUMBER, ip=IP) == used(world, to=NUMBER, ip=IP)
    assert start(world).status_code == 201


def test_a_used_up_limit_says_how_long_to_wait(world: World) -> None:
    """A limit of which nothing is left says in how many seconds something will be."""
    start(world)
    start(world)
    first = world.admin.get(path(to=NUMBER)).get_json()["limits"][0]
    refused = start(world)
    assert (first["scope"], first["left"]) == ("to", 0)
    assert first["retry_after_s"] == int(refused.headers["Retry-After"]) == 3600


def test_a_reset_lets_the_number_through_again(world: World) -> None:
    """After a reset the number's limits count from zero; nothing else does."""
    start(world)
    start(world)
    assert start(world).status_code == 429
    answer = world.admin.delete(path(to=NUMBER)).get_json()
    assert {each["scope"]: each["used"] for each in answer["limits"]}.items() >= {"to": 0, "prefix": 0}.items()
    assert start(world).status_code == 200
    assert used(world, ip=IP) == {"ip": 3, "application": 3, "spend": 270_000}


def test_a_reset_lets_the_address_through_again(world: World) -> None:
    """After a reset the address' limit counts from zero; the number's does not."""
    start(world)
    world.admin.delete(path(ip=IP))
    assert used(world, to=NUMBER, ip=IP).items() >= {"to": 1, "ip": 0}.items()


def test_an_address_counts_as_its_network(world: World) -> None:
    """An IPv6 address is shown as the /64 that it counts as."""
    start(world, ip="2001:db8::1")
    answer = world.admin.get(path(ip="2001:db8::2")).get_json()
    assert answer["ip"] == "2001:db8::/64"
    assert next(each["used"] for each in answer["limits"] if each["scope"] == "ip") == 1


def test_test_keys_count_apart(world: World) -> None:
    """What test keys use up is shown and reset by itself, and costs nothing."""
    tester = world.caller(*START, test=True)
    tester.start()
    assert used(world, to=NUMBER)["to"] == 0
    assert used(world, to=NUMBER, test="true") == {"to": 1, "prefix": 1, "application": 1}
    world.admin.delete(path(to=NUMBER, test="true"))
    assert used(world, to=NUMBER, test="true")["to"] == 0


def test_a_reset_is_audited_by_a_random_id(world: World) -> None:
    """The audit names a number whose limits start again by an id that leads nowhere once the person is forgotten."""
    world.admin.delete(path(to=NUMBER, ip=IP))
    of_ip, of_number = entries(world)[:2]
    assert (of_ip["act"], of_number["act"]) == ("limits.reset", "limits.reset")
    assert of_number["target"].startswith("per_")
    assert of_number["before"] == {"to": 0, "prefix": 0}
    assert of_number["after"] == {"kind": "to", "test": False}
    assert of_ip["after"] == {"kind": "ip", "test": False}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"to": "nobody"}, "to"),
        ({"ip": "localhost"}, "ip"),
        ({"application": ""}, "application"),
        ({"test": "2"}, "test"),
    ],
)
def test_a_bad_query_is_refused_by_name(world: World, query: dict[str, str], field: str) -> None:
    """A query that makes no sense is refused with the parameter's name."""
    assert fields(world.admin.get(path(**query))) == [field]
    assert fields(world.admin.delete(path(**query))) == [field]


def test_a_reset_wants_to_know_whose(world: World) -> None:
    """A reset of neither a number nor an address is refused, and is not audited."""
    before = acts(world)
    assert fields(world.admin.delete(path())) == ["to"]
    assert acts(world) == before


def test_a_plus_that_was_not_encoded_is_understood(world: World) -> None:
    """A number whose plus arrives as a space is the number that was meant."""
    start(world, OTHER_NUMBER)
    answer = world.admin.get(f"{PATH}?application=shop&to={OTHER_NUMBER}").get_json()
    assert answer["limits"][0]["used"] == 1


def test_devices_users_and_networks_count_too(world: World) -> None:
    """The limits of a device, a user and a client's network are shown and reset like the others."""
    world.policy(limits={"device": "3 per hour", "user": "4 per hour", "network": "9 per hour", "to": "", "ip": ""})
    world.api.start(user="u1", client={"ip": IP, "device_id": "d1"})
    whole = {"ip": IP, "device_id": "d1", "user": "u1"}
    assert used(world, **whole).items() >= {"network": 1, "device": 1, "user": 1}.items()
    assert used(world, user="u2", device_id="d2").items() >= {"device": 0, "user": 0}.items()
    world.admin.delete(path(user="u1"))
    assert used(world, **whole).items() >= {"network": 1, "device": 1, "user": 0}.items()
    world.admin.delete(path(ip=IP, device_id="d1"))
    assert used(world, **whole).items() >= {"network": 0, "device": 0, "user": 0}.items()
    told = {entry["after"]["kind"]: entry["before"] for entry in entries(world)[:3]}
    assert told == {"device": {"device": 1}, "ip": {"network": 1}, "user": {"user": 1}}
    assert not any(value in str(entries(world)) for value in ("'u1'", "'d1'", IP))


def test_messages_count_apart(world: World) -> None:
    """The limits of messages of their own are shown beside those of codes."""
    world.policy(limits={"to": "", "ip": ""}, message_limits="7 per hour")
    assert used(world) == {"spend": 0, "messages": 0}
    world.admin.post("/v1/messages", {"to": NUMBER, "text": "Your parcel is here."})
    assert used(world)["messages"] == 1


def test_it_says_when_something_is_left_again(world: World) -> None:
    """A limit that is used up says when it lets one through, one that is not says nothing."""
    start(world)
    start(world)
    first, *_, last = world.admin.get(path(to=NUMBER)).get_json()["limits"]
    assert first["free_at"] > "2026"
    assert last["free_at"] is None
