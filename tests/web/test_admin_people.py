"""Forgetting a person: afterwards nothing in Redis and nothing in SQL leads to them, and the rest still counts."""

from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from otp_service.domain.fraud.scopes import scopes_of
from otp_service.domain.ids import address
from otp_service.domain.keys import b64
from otp_service.domain.times import rfc3339
from otp_service.ledger.engine import reading
from otp_service.ledger.schema import METADATA, messages, verifications
from otp_service.service.admin import audit
from otp_service.service.core import now_ms
from otp_service.service.destination import number_index
from tests.clock import HOUR
from tests.couriers import running_courier
from tests.servers import RedisServer, wait_until
from tests.world import NUMBER, OTHER_NUMBER, World

PERSON = f"/v1/admin/people/%2B{NUMBER[1:]}"
NEIGHBOUR = f"/v1/admin/people/%2B{OTHER_NUMBER[1:]}"
CLIENT = {"ip": "203.0.113.7", "device_id": "a-device-of-anas"}


def sql_dump(engine: Engine) -> str:
    """Every value of every table."""
    with reading(engine) as connection:
        return "\n".join(
            str(tuple(row)) for table in METADATA.sorted_tables for row in connection.execute(select(table))
        )


READ = {
    "string": lambda client, key: client.get(key),
    "hash": lambda client, key: client.hgetall(key),
    "list": lambda client, key: client.lrange(key, 0, -1),
    "set": lambda client, key: client.smembers(key),
    "zset": lambda client, key: client.zrange(key, 0, -1, withscores=True),
    "stream": lambda client, key: client.xrange(key),
}


def redis_dump(redis: RedisServer) -> str:
    """Every key and every value, as they are: what DUMP answers is compressed."""
    with redis.client() as client:
        kinds = {key: client.type(key) for key in client.scan_iter(count=1000)}
        return str(
            {key: READ[kind](client, key) for key, kind in kinds.items() if kind != "none"}
        )  # it may end meanwhile


def names_of(world: World, to: str = NUMBER) -> dict[str, str]:
    """Whatever leads to somebody: the number, its index, its subject and its scope in the brake, in every realm."""
    core, realms = world.core, (world.shop, f"{world.shop}/test")
    found = {"number": to[1:], "index": number_index(core, to)}
    for realm in realms:
        found[f"subject of {realm}"] = b64(address(core.index_key, realm, to, "login").subject)
        found[f"brake of {realm}"] = scopes_of(core.index_key, realm, to, "CH", None).number
    return found


def kept(world: World, redis: RedisServer, to: str = NUMBER) -> list[str]:
    """What still leads to somebody, and where."""
    dumps = {"Redis": redis_dump(redis), "SQL": sql_dump(world.core.engine)}
    return [
        f"{what} in {where}"
        for what, name in names_of(world, to).items()
        for where, dump in dumps.items()
        if name in dump
    ]


def live(world: World, to: str = NUMBER) -> None:
    """Somebody's day: codes that were typed, that were not, and that wait; messages now and later."""
    approved = world.started(to, client=CLIENT, user="ana", metadata={"order": "for-ana"})
    world.api.check(world.code(approved), id=approved)
    other = world.started(to, purpose="payment")
    world.api.check(world.wrong(other), id=other)
    sender = world.caller("messages", "verifications:start")
    later = {"to": to, "text": "see you", "send_at": rfc3339(now_ms() + HOUR), "reference": f"order-{to}"}
    assert sender.post("/v1/messages", later).status_code == 202
    assert sender.post("/v1/messages", {"to": to, "text": "hello"}, {"Idempotency-Key": f"k{to}"}).status_code < 300
    world.api.start(to, {"Idempotency-Key": f"start{to}"}, purpose="other")


def brought(world: World) -> None:
    """Everything that waits is sent, and everything that happened is in the ledger."""
    with running_courier(world.parts):
        wait_until(lambda: not any(waiting(world).values()), 60)


def waiting(world: World) -> dict[str, int]:
    return {
        name: int(world.core.link.command("XLEN", f"{{c0}}:{name}")) for name in ("out:high", "out:normal", "facts")
    }


def test_nothing_leads_to_somebody_who_was_forgotten(world: World, redis: RedisServer) -> None:
    """Neither the number nor any index of it is in a full dump of Redis or of SQL, and nothing is left to do."""
    live(world)
    brought(world)
    assert kept(world, redis)

    told = world.admin.delete(PERSON).get_json()

    assert (told["complete"], told["left"]) == (True, [])
    assert told["erased"]["verifications"] == 3
    assert kept(world, redis) == []
    for word in ("order-", "for-ana", "see you", "a-device-of-anas"):
        assert word not in redis_dump(redis) + str(rows_of(world, verifications, "metadata"))


def rows_of(world: World, table: Any, *columns: str) -> list[Any]:
    with reading(world.core.engine) as connection:
        return [tuple(row) for row in connection.execute(select(*(table.c[name] for name in columns)))]


def test_everybody_else_stays_as_they_were(world: World, redis: RedisServer) -> None:
    """Forgetting one person changes nothing of another."""
    live(world)
    live(world, OTHER_NUMBER)
    brought(world)
    before = world.admin.get(NEIGHBOUR).get_json()

    world.admin.delete(PERSON)

    assert world.admin.get(NEIGHBOUR).get_json() == before
    assert kept(world, redis) == []
    assert kept(world, redis, OTHER_NUMBER)
    assert world.api.start(OTHER_NUMBER, purpose="new").status_code == 201


def test_what_was_sent_still_counts(world: World) -> None:
    """Reports tell the same figures before and after, and what was sent is under ids that lead nowhere."""
    live(world)
    brought(world)
    ids = {id for (id,) in rows_of(world, verifications, "id")}
    path = "/v1/admin/reports?by=country"
    counted = ("key", "messages", "accepted", "failed", "converted", "cost_micros")

    def figures() -> list[Any]:
        return [[item[name] for name in counted] for item in world.admin.get(path).get_json()["items"]]

    before = figures()

    world.admin.delete(PERSON)

    assert figures() == before
    after = rows_of(world, verifications, "id", "person_id", "user_index")
    assert len(after) == 3
    assert not ids & {id for id, *_ in after}
    assert {user for *_, user in after} == {None}
    assert len({person for _, person, _ in after}) == 1
    for id in ids:
        assert world.caller("verifications:check", "reports").get(f"/v1/verifications/{id}").status_code == 404


def test_what_waits_is_not_sent(world: World, redis: RedisServer) -> None:
    """Messages that wait in Redis are taken out, and what facts wait is said to be left, until it was repeated."""
    live(world)
    told = world.admin.delete(PERSON).get_json()

    assert not told["complete"]
    assert "on their way to the ledger: repeat this" in told["left"][0]
    assert waiting(world)["out:high"] == waiting(world)["out:normal"] == 0
    assert int(world.core.link.command("ZCARD", "{c0}:due")) == 0

    brought(world)
    assert world.admin.delete(PERSON).get_json()["complete"]
    assert kept(world, redis) == []
    assert {status for (status,) in rows_of(world, messages, "status")} == {"canceled"}


def test_it_can_be_repeated(world: World, redis: RedisServer) -> None:
    """A second time there is nothing to forget, and that is no fault; the audit has one entry."""
    live(world)
    brought(world)
    world.admin.delete(PERSON)
    again = world.admin.delete(PERSON).get_json()

    assert again == {"complete": True, "erased": dict.fromkeys(again["erased"], 0), "left": []}
    entries = world.admin.get("/v1/admin/audit?act=person.erase").get_json()["items"]
    assert len(entries) == 1


def test_the_audit_stays_whole_and_names_nobody(world: World) -> None:
    """The chain verifies after an erasure; its entry, and those before it, name the person by a random id."""
    world.policy(limits={"to": "100 per hour"})
    live(world)
    brought(world)
    query = f"application=shop&to=%2B{NUMBER[1:]}"
    assert world.admin.delete(f"/v1/admin/limits?{query}").status_code == 200
    assert world.admin.delete(f"/v1/admin/locks?{query}").status_code == 200
    world.admin.delete(PERSON)

    entries = world.admin.get("/v1/admin/audit").get_json()["items"]
    targets = {entry["act"]: entry["target"] for entry in entries}
    assert audit.verify(world.core).bad is None
    assert targets["person.erase"].startswith("per_")
    assert targets["person.erase"] == targets["limits.reset"] == targets["lock.lift"]
    assert not [name for name in names_of(world).values() if name in str(entries)]


def test_whom_nobody_may_write_to_stays_unknown_by_number(world: World, redis: RedisServer) -> None:
    """A block and an opt-out go on to hold, by the index alone: the sealed number is gone."""
    live(world)
    brought(world)
    block = {"kind": "number", "value": NUMBER, "reason": "asked us to stop"}
    assert world.admin.post("/v1/admin/blocks", block).status_code == 201
    writer = world.caller("messages")
    assert writer.call("PUT", f"/v1/opt-outs/%2B{NUMBER[1:]}", {}).status_code == 200

    told = world.admin.delete(PERSON).get_json()

    assert told["erased"]["suppressions"] == 2
    assert world.api.start(purpose="later").get_json()["code"] == "destination_blocked"
    assert writer.get(f"/v1/opt-outs/%2B{NUMBER[1:]}").get_json()["to"] is None
    with reading(world.core.engine) as connection:
        found = connection.execute(text("SELECT to_sealed FROM blocks UNION ALL SELECT to_sealed FROM opt_outs"))
        assert [sealed for (sealed,) in found] == [None, None]


def test_a_person_hears_what_is_known(world: World) -> None:
    """The export holds each code, step, message, try and receipt, oldest first; looking is audited."""
    live(world)
    brought(world)
    told = world.admin.get(PERSON).get_json()
    kinds = [item["kind"] for item in told["items"]]
    times = [item["at"] for item in told["items"]]

    assert (told["to"], told["country"]) == (NUMBER, "CH")
    assert {"verification", "step", "message", "attempt"} <= set(kinds)
    assert times == sorted(times)
    assert {"order": "for-ana"} in [item["said"].get("metadata") for item in told["items"]]
    assert number_index(world.core, NUMBER) not in str(told)
    (entry,) = world.admin.get("/v1/admin/audit?act=person.read").get_json()["items"]
    assert entry["target"].startswith("per_")
    assert entry["after"] == {"items": len(kinds)}


def test_a_refusal_is_among_what_is_known(world: World) -> None:
    """What was refused to somebody within the day is told with its evidence, and forgotten with them."""
    world.policy(max_sends=1)
    world.api.start()
    assert world.api.start().status_code == 429
    (item,) = [item for item in world.admin.get(PERSON).get_json()["items"] if item["kind"] == "refusal"]
    assert item["said"]["code"] == "max_sends"
    world.admin.delete(PERSON)
    assert int(world.core.link.command("XLEN", "{c0}:refusals")) == 0


def test_of_a_stranger_nothing_is_known(world: World) -> None:
    """A number that never got anything has an empty export, and forgetting it does nothing."""
    assert world.admin.get(NEIGHBOUR).get_json() == {"to": OTHER_NUMBER, "country": None, "items": []}
    assert world.admin.delete(NEIGHBOUR).get_json()["complete"]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_it_is_for_admins_alone(world: World, method: str) -> None:
    """No key without the scope `admin` reads or forgets anybody, and a number must be one."""
    assert world.api.call(method, PERSON).status_code == 403
    assert world.admin.call(method, "/v1/admin/people/nobody").status_code == 422
