"""What admins did."""

import json
from typing import Any

import pytest
from sqlalchemy import delete

from otp_service.domain.heads import is_signed, sign
from otp_service.ledger.schema import audit as table
from otp_service.service.admin import audit
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
    assert audit.verify(world.core).bad is None


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


def made(world: World, *names: str) -> None:
    for name in names:
        world.admin.post("/v1/admin/applications", {"name": name})


def test_it_is_filtered(world: World) -> None:
    """Filters by actor, act, application, target and time narrow the audit down together."""
    made(world, "bank", "club")
    every = entries(world)
    newest, actor = every[0], every[0]["actor"]
    path = "/v1/admin/audit?"

    def found(asked: str) -> list[int]:
        return [entry["seq"] for entry in world.admin.get(path + asked).get_json()["items"]]

    assert found("act=application.create")[:2] == found("act=application.*")[:2] == [newest["seq"], newest["seq"] - 1]
    assert found(f"actor={actor}") == [newest["seq"], newest["seq"] - 1]
    assert found("actor=nobody") == found("act=key.revoke") == found("to_time=2020-01-01T00:00:00Z") == []
    assert found(f"application=club&target={newest['target']}") == [newest["seq"]]
    assert found("from=2020-01-01T00:00:00Z") == [entry["seq"] for entry in every]
    assert world.admin.get(path + "application=nobody").status_code == 404
    assert world.admin.get(path + "act=KEY").status_code == 422


def test_it_is_exported(world: World) -> None:
    """The export holds every entry that is looked for, oldest first, one JSON object a line."""
    made(world, "bank", "club")
    lines = world.admin.get("/v1/admin/audit/export").get_data().splitlines()
    told = [json.loads(line) for line in lines]
    assert told == entries(world)[::-1]
    (only,) = world.admin.get(f"/v1/admin/audit/export?target={told[-1]['target']}").get_data().splitlines()
    assert json.loads(only) == told[-1]


def test_it_is_verified_over_http(world: World) -> None:
    """Verifying in parts goes on where the last part ended, and names the first bad entry in a sentence."""
    made(world, "bank", "club")
    last = entries(world)[0]
    first = world.admin.get("/v1/admin/audit/verify?limit=2").get_json()
    rest = world.admin.get(f"/v1/admin/audit/verify?after={first['next_after']}").get_json()

    assert (first["good"], first["verified_to"], first["next_after"]) == (True, 2, 2)
    assert rest == {"good": True, "verified_to": last["seq"], "hash": last["hash"], "next_after": None, "bad": None}

    with world.core.engine.begin() as connection:
        connection.execute(delete(table).where(table.c.seq == 2))
    bad = world.admin.get("/v1/admin/audit/verify").get_json()

    assert (bad["good"], bad["next_after"]) == (False, None)
    assert bad["bad"] == {"seq": 2, "what": "Entry 2 is missing: entry 3 comes next."}


def test_the_keys_of_heads_are_public(world: World) -> None:
    """Anybody reads the public keys of the heads' signatures; they are others than those of proofs."""
    keys = world.api.get("/.well-known/audit-keys.json").get_json()["keys"]
    proofs = world.api.get("/.well-known/jwks.json").get_json()["keys"]
    head = sign(world.core.ring, 7, "x", 1)

    assert [key["kid"] for key in keys] == list(world.core.ring.kids)
    assert is_signed(head, keys[0]["x"])
    assert not is_signed(head, proofs[0]["x"])


@pytest.mark.parametrize("path", ["", "/verify", "/export"])
def test_it_is_for_admins_alone(world: World, path: str) -> None:
    """No key without the scope `admin` reads, verifies or exports the audit."""
    assert world.api.get(f"/v1/admin/audit{path}").status_code == 403
