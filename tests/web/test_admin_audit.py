"""What admins did."""

from typing import Any

from otp_service.ledger import audit
from otp_service.ledger.engine import reading
from tests.world import NUMBER, World


def entries(world: World) -> list[dict[str, Any]]:
    """The audit as the API tells it, newest first."""
    found: list[dict[str, Any]] = world.admin.get("/v1/admin/audit").get_json()["items"]
    return found


def acts(world: World) -> list[str]:
    """What was done, newest first."""
    return [entry["act"] for entry in entries(world)]


def test_the_newest_comes_first(world: World) -> None:
    """The audit is told newest first, counted without gaps."""
    world.admin.post("/v1/admin/applications", {"name": "bank"})
    told = entries(world)
    assert told[0]["act"] == "application.create"
    assert [entry["seq"] for entry in told] == list(range(len(told), 0, -1))


def test_an_entry_names_who_did_it(world: World) -> None:
    """An entry names the API key that an admin used."""
    made = world.admin.post("/v1/admin/keys", {"application": "shop", "scopes": ["admin"]}).get_json()
    world.admin.delete(f"/v1/admin/keys/{made['id']}")
    first, second = entries(world)[1::-1]
    assert first["actor"] == second["actor"]
    assert first["actor"].startswith("key_")
    assert (first["target"], second["target"]) == (made["id"], made["id"])


def test_the_chain_that_is_told_is_the_one_that_is_kept(world: World) -> None:
    """Each entry that is told holds the hash of the one before it, and the chain is whole."""
    world.admin.post("/v1/admin/applications", {"name": "bank"})
    told = entries(world)
    assert [entry["prev_hash"] for entry in told[:-1]] == [entry["hash"] for entry in told[1:]]
    with reading(world.core.engine) as connection:
        assert audit.first_bad(connection, lambda kid: world.core.audit_key.key) is None


def test_no_number_and_no_secret_is_in_it(world: World) -> None:
    """Blocking, resetting and lifting leave no number in the audit, and a new key no secret."""
    number = f"application=shop&to=%2B{NUMBER[1:]}"
    world.api.start()
    made = world.admin.post("/v1/admin/keys", {"application": "shop", "scopes": ["reports"]}).get_json()
    world.admin.post("/v1/admin/blocks", {"kind": "number", "value": NUMBER, "reason": "asked us to stop"})
    world.admin.delete(f"/v1/admin/limits?{number}&ip=203.0.113.7")
    text = str(entries(world))
    assert NUMBER[1:] not in text
    assert "203.0.113.7" not in text
    assert made["key"].split("_")[3] not in text
