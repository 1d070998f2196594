"""API keys."""

from typing import Any

import pytest

from otp_service.domain import apikeys
from otp_service.ledger.engine import reading
from otp_service.ledger.pages import key as stored_key
from tests.web.test_admin_applications import fields
from tests.web.test_admin_audit import acts, entries
from tests.world import Api, World

PATH = "/v1/admin/keys"
SCOPES = ["verifications:start", "verifications:check"]


def create(world: World, **body: Any) -> Any:
    """The answer to the creation of a key of `shop`."""
    return world.admin.post(PATH, {"application": "shop", "scopes": SCOPES, **body})


def test_a_key_is_shown_once(world: World) -> None:
    """A new key's text is in the first answer only; the ledger keeps a hash."""
    made = create(world, name="login server").get_json()
    listed = world.admin.get(PATH).get_json()["items"]
    assert apikeys.read(made["key"])
    assert made["key"] not in str(listed)
    assert next(key for key in listed if key["id"] == made["id"]) == {k: v for k, v in made.items() if k != "key"}
    with reading(world.core.engine) as connection:
        kept = stored_key(connection, made["id"])
    assert kept
    assert kept.hash == apikeys.hashed(made["key"].split("_")[3])


def test_an_application_is_named_by_id_or_name(world: World) -> None:
    """A key is made for an application by its id as well as by its name."""
    assert create(world, application=world.shop).get_json()["application"] == world.shop
    assert create(world, application="shop").get_json()["application"] == world.shop


def test_a_key_is_as_it_was_ordered(world: World) -> None:
    """A test key with an expiry and networks has them, and looks like a test key."""
    ends = "2099-01-01T00:00:00Z"
    made = create(world, test=True, ips=["203.0.113.9/24", "2001:db8::1"], expires_at=ends).get_json()
    assert made["key"].startswith("otp_test_")
    assert made["ips"] == ["203.0.113.0/24", "2001:db8::1/128"]
    assert made["expires_at"] == "2099-01-01T00:00:00.000Z"


def test_a_key_may_not_be_used_from_elsewhere(world: World) -> None:
    """A key that may come from some networks only is refused from any other."""
    made = create(world, ips=["203.0.113.0/24"]).get_json()
    assert Api(world.app.test_client(), made["key"]).start().status_code == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["verifications:start", "root"]}, "scopes"),
        ({"scopes": ["admin", "admin"]}, "scopes"),
        ({"scopes": "admin"}, "scopes"),
        ({"ips": ["203.0.113.0/33"]}, "ips"),
        ({"ips": ["localhost"]}, "ips"),
        ({"ips": ["203.0.113.0"] * 65}, "ips"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2099-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": 4_000_000_000_000}, "expires_at"),
        ({"name": "x" * 65}, "name"),
        ({"test": "yes"}, "test"),
        ({"application": ""}, "application"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(world: World, body: dict[str, Any], field: str) -> None:
    """A key that makes no sense is refused with the field's name, and is not audited."""
    before = acts(world)
    refused = create(world, **body)
    assert {name.partition(".")[0] for name in fields(refused)} == {field}
    assert acts(world) == before


def test_a_refusal_does_not_repeat_what_was_sent(world: World) -> None:
    """A refused value does not come back in the answer."""
    assert "sesame" not in create(world, ips=["sesame"], scopes=["admin"]).get_data(as_text=True)
    assert "sesame" not in create(world, scopes=["sesame"]).get_data(as_text=True)


def test_a_revoked_key_is_refused(world: World) -> None:
    """A revoked key is refused at once where it was revoked, stays listed, and may be revoked again."""
    made = create(world).get_json()
    caller = Api(world.app.test_client(), made["key"])
    assert caller.start().status_code == 201
    first, second = (world.admin.delete(f"{PATH}/{made['id']}") for _ in range(2))
    assert first.get_json()["revoked_at"]
    assert second.get_json() == first.get_json()
    assert caller.start().status_code == 401
    assert first.get_json() in world.admin.get(f"{PATH}?application=shop").get_json()["items"]
    assert acts(world)[:2] == ["key.revoke", "key.create"]


def test_a_new_key_is_audited(world: World) -> None:
    """The audit says what a new key may do."""
    made = create(world).get_json()
    entry = entries(world)[0]
    assert (entry["act"], entry["target"]) == ("key.create", made["id"])
    assert entry["after"]["scopes"] == sorted(SCOPES)


def test_an_unknown_key_is_not_found(world: World) -> None:
    """A key that does not exist can't be revoked."""
    assert world.admin.delete(f"{PATH}/key_0000000000000000000000").status_code == 404


def test_a_list_can_be_of_one_application(world: World) -> None:
    """Keys can be listed for one application alone."""
    world.admin.post("/v1/admin/applications", {"name": "bank"})
    made = create(world, application="bank").get_json()
    assert [key["id"] for key in world.admin.get(f"{PATH}?application=bank").get_json()["items"]] == [made["id"]]
