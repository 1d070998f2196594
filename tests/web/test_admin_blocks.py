"""Blocks."""

from typing import Any

import pytest

from otp_service.domain.policy import Policy
from otp_service.ledger import blocks
from otp_service.ledger.engine import reading
from tests.web.test_admin_applications import fields
from tests.web.test_admin_audit import acts, entries
from tests.world import NUMBER, OTHER_NUMBER, World

PATH = "/v1/admin/blocks"


def block(world: World, **body: Any) -> Any:
    """The answer to a new block of NUMBER."""
    return world.admin.post(PATH, {"kind": "number", "value": NUMBER, "reason": "asked us to stop", **body})


def test_a_blocked_number_gets_no_codes(world: World) -> None:
    """A start to a blocked number is refused; to another one it is not."""
    assert block(world).status_code == 201
    assert world.api.start().get_json()["code"] == "destination_blocked"
    assert world.api.start(OTHER_NUMBER).status_code == 201


@pytest.mark.parametrize("value", ["+4179", "4179"])
def test_a_blocked_prefix_gets_no_codes(world: World, value: str) -> None:
    """A start to a number that begins with a blocked prefix is refused, the plus said or not."""
    assert block(world, kind="prefix", value=value).get_json()["value"] == "+4179"
    assert world.api.start().get_json()["code"] == "destination_blocked"


def test_a_block_may_hold_for_one_application(world: World) -> None:
    """A block of one application leaves the numbers of the others alone."""
    bank = world.application("bank", Policy(default_region="CH"))
    block(world, application="bank", value="079 123 45 67")
    assert world.api.start().status_code == 201
    caller = world.caller("verifications:start", application=bank)
    assert caller.start().get_json()["code"] == "destination_blocked"


def test_a_number_is_masked_and_sealed(world: World) -> None:
    """A blocked number is shown masked, and kept as an index and sealed."""
    made = block(world).get_json()
    assert made["value"] == "+4179•••4567"
    assert world.admin.get(PATH).get_json()["items"] == [made]
    with reading(world.core.engine) as connection:
        [kept] = blocks.listed(connection)
    assert kept.to_sealed
    assert NUMBER[1:] not in str(kept)
    assert world.core.ring.open(kept.to_sealed, kept.value).decode() == NUMBER


def test_a_lifted_block_is_gone(world: World) -> None:
    """A lifted block is answered once more, and its number gets codes again."""
    made = block(world).get_json()
    path = f"{PATH}/{made['id']}"
    assert world.admin.delete(path).get_json() == made
    assert world.api.start().status_code == 201
    assert world.admin.get(PATH).get_json()["items"] == []
    assert world.admin.delete(path).status_code == 404


def test_blocking_and_lifting_are_audited(world: World) -> None:
    """The audit names a block by its id and says why it was made."""
    made = block(world, expires_at="2099-01-01T00:00:00Z").get_json()
    world.admin.delete(f"{PATH}/{made['id']}")
    removed, added = entries(world)[:2]
    assert (removed["act"], added["act"]) == ("block.remove", "block.add")
    assert removed["target"] == added["target"] == made["id"]
    assert added["after"]["reason"] == removed["before"]["reason"] == "asked us to stop"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "planet"}, "kind"),
        ({"kind": "country"}, "value"),
        ({"kind": "country", "value": "ch"}, "value"),
        ({"kind": "ip", "value": "203.0.113.0/24"}, "value"),
        ({"kind": "network", "value": "somewhere"}, "value"),
        ({"kind": "network", "value": "0.0.0.0/0"}, "value"),
        ({"kind": "network", "value": "2001::/15"}, "value"),
        ({"kind": "user", "value": "u1"}, "application"),
        ({"kind": "user", "value": "a\0b", "application": "shop"}, "value"),
        ({"value": "nobody"}, "value"),
        ({"value": "079 123 45 67"}, "value"),
        ({"kind": "prefix", "value": "+0041"}, "value"),
        ({"kind": "prefix", "value": "+41 79"}, "value"),
        ({"kind": "prefix", "value": "4" * 16}, "value"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"reason": "a\0b"}, "reason"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "tomorrow"}, "expires_at"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(world: World, body: dict[str, Any], field: str) -> None:
    """A block that makes no sense is refused with the field's name, and is not audited."""
    before = acts(world)
    assert fields(block(world, **body)) == [field]
    assert acts(world) == before


def test_a_list_can_be_of_one_application(world: World) -> None:
    """Blocks can be listed for one application alone, newest first."""
    block(world)
    made = [block(world, application="shop", value=value).get_json() for value in (NUMBER, OTHER_NUMBER)]
    listed = world.admin.get(f"{PATH}?application=shop").get_json()["items"]
    assert sorted(listed, key=str) == sorted(made, key=str)
    assert len(world.admin.get(PATH).get_json()["items"]) == 3


def test_an_unknown_application_is_not_found(world: World) -> None:
    """A block for an application that does not exist is 404."""
    assert block(world, application="bank").status_code == 404


EACH_KIND = [
    ({"kind": "number", "value": NUMBER}, "destination_blocked"),
    ({"kind": "prefix", "value": "+4179"}, "destination_blocked"),
    ({"kind": "country", "value": "CH"}, "destination_blocked"),
    ({"kind": "ip", "value": "203.0.113.7"}, "refused_as_fraud"),
    ({"kind": "network", "value": "203.0.113.9/24"}, "refused_as_fraud"),
    ({"kind": "user", "value": "u1", "application": "shop"}, "refused_as_fraud"),
]
each_kind = pytest.mark.parametrize(("body", "code"), EACH_KIND, ids=[body["kind"] for body, _ in EACH_KIND])


def asking(world: World, **client: Any) -> Any:
    """The answer to a start to NUMBER by the user u1 from an address."""
    return world.api.start(user="u1", client={"ip": "203.0.113.7", **client})


@each_kind
def test_every_kind_of_block_refuses(world: World, body: dict[str, str], code: str) -> None:
    """A number, its range or its country is blocked as a destination; an address, network or user as whoever asks."""
    assert block(world, **body).status_code == 201
    assert asking(world).get_json()["code"] == code


@each_kind
def test_a_block_leaves_the_others_alone(world: World, body: dict[str, str], code: str) -> None:
    """What a block does not name is not refused."""
    block(world, **body)
    other = world.api.start("+4915123456789", user="u2", client={"ip": "198.51.100.7"})
    assert other.status_code == 201


@each_kind
def test_an_allow_of_the_number_outdoes_wider_blocks(world: World, body: dict[str, str], code: str) -> None:
    """A number that an admin vouches for gets codes whatever is blocked but the number itself."""
    block(world, **body)
    assert allow(world).status_code == 201
    assert asking(world).status_code == (403 if body["kind"] == "number" else 201)


def test_an_allow_of_the_number_outdoes_the_country_list(world: World) -> None:
    """A number that an admin vouches for gets codes in a country that the policy leaves out."""
    world.policy(countries=["DE"])
    assert world.api.start().get_json()["code"] == "country_not_allowed"
    allow(world)
    assert world.api.start().status_code == 201


def test_an_allow_of_the_number_outdoes_its_type(world: World) -> None:
    """A number that an admin vouches for gets codes though its type is refused."""
    premium = "+41900123456"
    assert world.api.start(premium).get_json()["code"] == "line_type_not_allowed"
    allow(world, value=premium)
    assert world.api.start(premium).status_code == 201


def test_an_allow_of_a_range_leaves_blocks_in_force(world: World) -> None:
    """An allow that is wider than a number lifts no block."""
    block(world, kind="country", value="CH")
    allow(world, kind="prefix", value="+4179")
    assert world.api.start().get_json()["code"] == "destination_blocked"


def test_a_block_is_known_by_what_it_names(world: World) -> None:
    """A list can be asked for what names a number, an address or a user, and for one kind alone."""
    for body, _ in EACH_KIND:
        block(world, **body)
    assert kinds(world, "to=%2B41791234567") == {"number", "prefix", "country"}
    assert kinds(world, "to=%2B4915123456789") == set()
    assert kinds(world, "ip=203.0.113.7") == {"ip", "network"}
    assert kinds(world, "ip=203.0.113.8") == {"network"}
    assert kinds(world, "application=shop&user=u1") == {"user"}
    assert kinds(world, "kind=network") == {"network"}


def test_what_is_named_is_shown_as_it_was_meant(world: World) -> None:
    """Everything but numbers is shown as it was meant: networks by their address, users by their id."""
    shown = {body["kind"]: block(world, **body).get_json()["value"] for body, _ in EACH_KIND}
    assert shown == {
        "number": "+4179•••4567",
        "prefix": "+4179",
        "country": "CH",
        "ip": "203.0.113.7",
        "network": "203.0.113.0/24",
        "user": "u1",
    }


def test_the_audit_tells_neither_numbers_nor_addresses_nor_users(world: World) -> None:
    """The audit forgets nothing, so it tells ranges, countries and networks, and of people not even their address."""
    for body, _ in EACH_KIND:
        block(world, **body)
        allow(world, **body)
    told = str(entries(world))
    assert "203.0.113.0/24" in told
    assert all(word not in told for word in (NUMBER, "203.0.113.7", "'u1'"))


def allow(world: World, **body: Any) -> Any:
    """The answer to a new allow of NUMBER."""
    return world.admin.post("/v1/admin/allows", {"kind": "number", "value": NUMBER, "reason": "our tester", **body})


def kinds(world: World, query: str) -> set[str]:
    """The kinds of the blocks that a list holds."""
    return {item["kind"] for item in world.admin.get(f"{PATH}?{query}").get_json()["items"]}
