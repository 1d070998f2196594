"""The brake on a start: what it refuses and how, whom it spares, and what it leaves behind."""

import asyncio
import json
from typing import Any

import pytest

from otp_service.client import solve
from otp_service.courier.repaying import Repaying
from otp_service.domain.times import milliseconds
from otp_service.ledger import blocks
from otp_service.ledger.blocks import ALLOWS
from otp_service.ledger.changes import change
from otp_service.service.core import now_ms
from otp_service.store.connect import connect_courier
from otp_service.store.fraud_states import quarantined
from tests.keyspace import everything, facts, outbox, raw_client
from tests.servers import RedisServer
from tests.world import NUMBER, OTHER_NUMBER, START, World

DENIES = {"fraud": "enforce", "thresholds": {"number_strong": 0}}
ASKS = {"fraud": "enforce", "challenge_difficulty": 1000, "thresholds": {"number_weak": 0}}
CLIENT = {"ip": "203.0.113.7", "device_id": "phone"}
SWISS = {"price_micros": {"CH": 50_000}}


def refusals(world: World) -> list[dict[str, Any]]:
    """The log of refusals, oldest first, each with its id."""
    with raw_client(world) as client:
        entries = client.xrange("{c0}:refusals")
    texts = [{key.decode(): text.decode() for key, text in fields.items()} | {"id": id_} for id_, fields in entries]
    return [{**text, "d": json.loads(text["d"]), "e": json.loads(text["e"])} for text in texts]


def scopes(redis: RedisServer) -> dict[bytes, bytes]:
    return {key: value for key, value in everything(redis).items() if key.startswith(b"{f:")}


async def repay(world: World) -> None:
    client = connect_courier(world.parts.settings.redis_url)
    await Repaying(client, 0).step()
    await client.aclose()


def test_likely_fraud_is_refused_without_saying_why(world: World) -> None:
    """The answer has a reference and no rule, no threshold and no time at which to try again."""
    world.policy(**DENIES)
    response = world.api.start(client=CLIENT)
    assert (response.status_code, response.json["code"]) == (403, "refused_as_fraud")
    assert "Retry-After" not in response.headers
    assert "number" not in response.json["detail"]
    assert response.json["reference"].startswith("rf_0_")


def test_a_refusal_is_kept_with_its_evidence(world: World) -> None:
    """By its reference an admin finds who asked, in keyed indices, which rule it was and what was owed."""
    world.policy(**DENIES)
    reference = world.api.start(client=CLIENT, user="u1").json["reference"]
    (kept,) = refusals(world)
    assert reference == f"rf_0_{kept['id'].decode().replace('-', '_')}"
    assert (kept["code"], kept["rule"], kept["m"]) == ("refused_as_fraud", "number dead", "enforce")
    assert kept["e"][0].items() >= {"scope": "number", "rule": "dead", "level": 2, "may": 0}.items()
    assert kept["d"]["application"] == world.shop
    assert set(kept["d"]["client"]) == {"ip", "network", "device", "user"}
    assert kept["d"]["person"]["country"] == "CH"
    assert NUMBER[1:] not in json.dumps(kept["d"])


def test_when_it_lifts_is_told_to_admins_alone(world: World) -> None:
    """The answer has no time; by its reference an admin reads when the debt will be small enough, if any time helps."""
    world.policy(**ASKS | {"thresholds": {"number_weak": 1, "number_refill_per_day": 2}})
    assert world.api.start(client=CLIENT).status_code == 201
    asked = world.api.start(client=CLIENT).json
    assert (asked["code"], "retry_after_s" in asked) == ("challenge_required", False)
    told = world.admin.get(f"/v1/admin/refusals/{asked['reference']}").json
    assert 43_190_000 < milliseconds(told["lifts_at"]) - milliseconds(told["at"]) <= 43_201_000

    world.policy(**DENIES)
    never = world.api.start(OTHER_NUMBER).json["reference"]
    assert world.admin.get(f"/v1/admin/refusals/{never}").json["lifts_at"] is None


def test_limits_and_locks_keep_their_refusals_too(world: World) -> None:
    """Whatever a start's script refuses can be looked up."""
    world.policy(limits={"to": "1 per hour"})
    world.api.start()
    response = world.api.start(purpose="other")
    assert response.status_code == 429
    (kept,) = refusals(world)
    assert response.json["reference"] == f"rf_0_{kept['id'].decode().replace('-', '_')}"
    assert (kept["code"], kept["rule"], int(kept["w"]) > 0) == ("rate_limited", "to", True)
    assert kept["e"][0].items() >= {"scope": "to", "amount": 1, "period_ms": 3_600_000}.items()


def test_limits_refuse_before_the_brake(world: World) -> None:
    """Where both refuse, the limit is answered."""
    world.policy(**DENIES, limits={"to": "0 per hour"})
    assert world.api.start().json["code"] == "rate_limited"


def test_a_challenge_is_used_up_only_where_one_was_asked(world: World) -> None:
    """A solution that a send had no need of is good for the next one."""
    world.policy(**ASKS)
    solution = solve(world.api.start(client=CLIENT).json["challenge"])
    world.policy(fraud="enforce")
    assert world.api.start(client=CLIENT, challenge=solution).status_code == 201
    world.policy(**ASKS)
    assert world.api.start(client=CLIENT, challenge=solution).status_code == 200
    assert world.api.start(client=CLIENT, challenge=solution).json["code"] == "challenge_required"


def test_where_no_challenge_is_configured_weak_evidence_passes(world: World) -> None:
    """A policy without challenges refuses on strong evidence alone."""
    world.policy(**ASKS | {"challenge": "none"})
    assert world.api.start(client=CLIENT).status_code == 201
    world.policy(**DENIES, challenge="none")
    assert world.api.start(client=CLIENT).json["code"] == "refused_as_fraud"


def test_in_shadow_it_notes_and_lets_pass(world: World) -> None:
    """In shadow mode a code goes out, and the log tells what would have been answered."""
    world.policy(**DENIES | {"fraud": "shadow"})
    assert world.api.start().status_code == 201
    (kept,) = refusals(world)
    assert (kept["code"], kept["m"], len(outbox(world))) == ("refused_as_fraud", "shadow", 1)


@pytest.mark.parametrize("policy", [{"fraud": "off"}, {"allow_custom_code": True}], ids=["off", "supplied code"])
def test_where_it_does_not_judge_it_counts_nothing(world: World, redis: RedisServer, policy: dict[str, Any]) -> None:
    """Where the brake is off, and for codes that a caller brings and compares, nothing is judged and nothing owed."""
    world.policy(**DENIES | policy)
    assert world.api.start(**({"code": "246810"} if "allow_custom_code" in policy else {})).status_code == 201
    assert scopes(redis) == {}


def test_test_keys_are_not_judged(world: World, redis: RedisServer) -> None:
    """What a test key sends costs nothing and proves nothing."""
    world.policy(**DENIES)
    assert world.caller(*START, test=True).start().status_code == 201
    assert scopes(redis) == {}


def test_who_is_allowed_is_spared(world: World) -> None:
    """An allow of a client's network lifts the brake and the limits of velocity, and no other."""
    world.policy(**DENIES, limits={"to": "0 per hour"})
    with change(world.core.engine, world.core.audit_key, "tests", now_ms()) as opened:
        blocks.add(opened, "network", "203.0.113.0/24", "our office", book=ALLOWS)
    world.parts.truths.refresh()
    assert world.api.start(client=CLIENT).status_code == 201
    assert world.api.start(OTHER_NUMBER).json["code"] == "rate_limited"
    world.policy(limits={"application": "1 per hour"})
    world.api.start(client=CLIENT)
    assert world.api.start(client=CLIENT).json["code"] == "rate_limited"


@pytest.mark.parametrize("kind", ["network", "device", "user"])
def test_networks_devices_and_users_have_limits(world: World, kind: str) -> None:
    """Each counts where it is told, and what it counts leaves others alone."""
    world.policy(limits={"to": "", "ip": "", kind: "1 per hour"})
    mine: dict[str, Any] = {"client": {"ip": "203.0.113.7", "device_id": "mine"}, "user": "u1"}
    near: dict[str, Any] = {"client": {"ip": "203.0.113.8", "device_id": "mine"}, "user": "u1"}
    other: dict[str, Any] = {"client": {"ip": "198.51.100.1", "device_id": "yours"}, "user": "u2"}
    assert world.api.start(**mine).status_code == 201
    assert world.api.start(OTHER_NUMBER, **near).json["code"] == "rate_limited"
    assert world.api.start(OTHER_NUMBER, **other).status_code == 201
    assert world.api.start("+41791234569").status_code == 201


def test_a_typed_code_repays_within_the_courier_s_next_turn(world: World, redis: RedisServer) -> None:
    """What a start owed is paid when its code is typed, once, and its number is known from then on."""
    world.policy(**SWISS, fraud="enforce", max_sends=20)
    id_ = world.api.start(client=CLIENT).json["id"]
    world.api.start(client=CLIENT)
    (prefix,) = [key for key in scopes(redis) if b":p:" in key]
    with raw_client(world) as client:
        assert sum(map(int, client.get(prefix).split()[1:4])) == 100_000  # in one minute or in two
        assert world.api.check(world.code(id_)).json["valid"]
        assert client.xlen("{c0}:repay") == 1
        asyncio.run(repay(world))
        asyncio.run(repay(world))
        assert client.xlen("{c0}:repay") == 0
        assert client.get(prefix).split()[1:6] == [b"0", b"0", b"0", b"92857", b"1000"]


def test_couriers_that_read_the_same_entry_repay_it_once(world: World, redis: RedisServer) -> None:
    """One that dies between repaying and clearing up leaves an entry that changes nothing any more."""
    world.policy(fraud="enforce")
    id_ = world.api.start(client=CLIENT).json["id"]
    world.api.check(world.code(id_))
    with raw_client(world) as client:
        ((entry, fields),) = client.xrange("{c0}:repay")
        asyncio.run(repay(world))
        before = scopes(redis)
        client.delete("{c0}:repay")
        client.xadd("{c0}:repay", fields, id=entry)
        asyncio.run(repay(world))
    assert scopes(redis) == before


def test_an_entry_that_nobody_can_read_holds_up_no_other(world: World) -> None:
    """A broken repayment is set aside, and the next one is made."""
    world.policy(fraud="enforce")
    id_ = world.api.start(client=CLIENT).json["id"]
    with raw_client(world) as client:
        client.xadd("{c0}:repay", {"v": "1", "b": "not a tab"})
        world.api.check(world.code(id_))
        asyncio.run(repay(world))
        assert client.xlen("{c0}:repay") == 0
        assert client.hlen(f"{{f:{world.shop}}}:repaid") == 1


def test_a_quarantine_is_an_alarm(world: World) -> None:
    """The send that puts a prefix into quarantine tells it as a fact."""
    world.policy(fraud="shadow", thresholds={"alarm": 1.0, "answer_s": 1, "growth": 0.0, "memory": 0.0})
    world.api.start("+41791110000")
    with raw_client(world) as client:  # nothing of it is young any more
        (prefix,) = [key for key in client.scan_iter("{f:*") if b":p:" in key]
        at, _, young1, young0, *rest = client.get(prefix).split()
        client.set(prefix, b" ".join([at, young0, young1, b"0", *rest]), keepttl=True)
    world.api.start("+41792220000")
    told = [fact.data for fact in facts(world) if fact.type == "alarm"]
    assert told == [
        {"kind": "quarantine", "application": world.shop, "prefix": "+4179", "country": "CH", "for_ms": 3_600_000}
    ]
    assert [held.prefix for held in quarantined(world.core.link, world.shop)] == ["+4179"]


def test_ceilings_tell_when_half_most_and_all_is_spent(world: World) -> None:
    """Each share of a day's ceiling is told once, for the application and for the country."""
    ceilings = {"spend_per_day_micros": 1_000_000, "spend_per_country_per_day_micros": 500_000}
    world.policy(**SWISS, **ceilings, limits={"to": "", "ip": ""}, max_sends=20)
    for number in range(10):
        assert world.api.start(f"+4179123456{number}").status_code == 201
    assert world.api.start("+41799999999").json["code"] == "spend_exhausted"
    told = [(fact.data["kind"], fact.data["country"]) for fact in facts(world) if fact.type == "alarm"]
    assert told == [("spend_50", "CH"), ("spend_80", "CH"), ("spend_50", None), ("spend_100", "CH")]


def test_a_simulation_tells_what_the_brake_would_say(world: World, redis: RedisServer) -> None:
    """It is asked without consequence; where it acts, its refusal is among those that would be answered."""
    world.policy(**DENIES)
    before = everything(redis)
    told = world.api.post("/v1/simulate", {"to": NUMBER}).json
    assert (told["fraud"], [each["code"] for each in told["refusals"]]) == ("deny", ["refused_as_fraud"])
    world.policy(**ASKS | {"fraud": "shadow"})
    told = world.api.post("/v1/simulate", {"to": NUMBER}).json
    assert (told["fraud"], told["accepted"]) == ("challenge", True)
    world.policy(fraud="off")
    assert world.api.post("/v1/simulate", {"to": NUMBER}).json["fraud"] is None
    assert everything(redis) == before
