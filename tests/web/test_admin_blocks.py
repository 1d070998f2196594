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
        ({"kind": "country"}, "kind"),
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
