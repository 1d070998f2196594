"""What a review of the brake, its lists and its log found, so that it is found no more."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text

from otp_service.courier.repaying import Repaying
from otp_service.domain.fraud.scopes import operator_prefix
from otp_service.ledger import heads
from otp_service.ledger.engine import reading
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.retention import retain
from otp_service.ledger.rows import CLIENT
from otp_service.ledger.schema import verifications
from otp_service.service.admin import audit
from otp_service.service.core import now_ms
from otp_service.store import fraud, spread
from otp_service.store.connect import connect, connect_courier
from otp_service.store.fraud import Charged
from otp_service.store.fraud_states import quarantined
from otp_service.store.limits import money
from otp_service.store.scripts import SCRIPTS
from otp_service.store.spread import Reservation
from tests.keyspace import facts
from tests.servers import RedisServer
from tests.store.counter import DAY, PATIENT, PAUSE, REALM, Counter, other
from tests.web.test_admin_audit import acts
from tests.web.test_admin_blocks import allow, block
from tests.web.test_admin_fraud import quarantine
from tests.world import NUMBER, World

FAR = "+41791230001"


@pytest.fixture
def counter(redis: RedisServer) -> Counter:
    """An application that nothing is known of."""
    return Counter(connect(redis.url), PATIENT)


def owed(counter: Counter) -> dict[str, tuple[int, int]]:
    """What each scope owes, and how much of it is young."""
    states = counter.states(FAR, "192.0.2.1")
    return {scope: (state.owed_micros, state.young_micros) for scope, state in states.items()}


def refused_later(counter: Counter, to: str = FAR) -> Charged:
    """A send that is charged in the brake's slot, and then refused in the number's own, as on a Redis Cluster."""
    brake = counter.brake(to, "192.0.2.1")
    _, charged = fraud.judge(counter.link, brake, str(counter.now))
    fraud.refund(counter.link, brake, charged)
    return charged


def test_what_is_taken_back_leaves_old_debt_old(counter: Counter) -> None:
    """Sends that are refused after all don't make dead debt look young: it would never refuse anybody again."""
    for _ in range(5):
        counter.send(FAR, "192.0.2.1")
    counter.now += PAUSE
    counter.send(FAR, "192.0.2.1")
    before = owed(counter)
    assert before["number"][0] > before["number"][1] > 0
    for _ in range(5):
        refused_later(counter)
    assert owed(counter) == before


def test_what_was_not_charged_is_not_taken_back(counter: Counter) -> None:
    """A refused send of a known number pays nothing of what unproven numbers owe to country and application."""
    known = counter.send(FAR)
    counter.types(known)
    for _ in range(5):
        counter.send(other(), "192.0.2.1")
    before = owed(counter)
    assert before["country"][0] > 0 < before["application"][0]
    refused_later(counter)
    assert owed(counter) == before


def test_a_quarantine_that_a_refused_send_began_is_taken_back(counter: Counter) -> None:
    """The next send that goes out begins it, and tells of it: otherwise nobody would hear of it."""
    counter.with_(alarm=3.0)
    counter.decisions(3)
    counter.now += PAUSE
    before = counter.prefix().score
    for _ in range(2):
        assert refused_later(counter).quarantined
        assert not quarantined(counter.link, REALM, counter.now)
        assert (counter.prefix().score, counter.prefix().quarantined_until_ms) == (before, None)
    assert counter.send(other()).quarantined_ms == counter.thresholds.quarantine_s * 1000


def test_an_alarm_that_was_told_is_not_told_again_after_a_refusal(redis: RedisServer) -> None:
    """A reservation that brought a ceiling to its next share and is handed back leaves the share that was told."""
    link = connect(redis.url)

    def reserved(cost: int) -> Reservation:
        rule = money("spend", "app_shop", 1000, DAY, cost)
        return Reservation([rule], link.once(SCRIPTS["reserve"], [rule.key], ["", 1, *rule.args])[1:])

    assert [spread._alarms([reserved(cost)])[6:8] for cost in (250, 250, 150)] == ["", "50", ""]
    for _ in range(3):
        dear = reserved(160)
        assert spread._alarms([dear]).split(" ")[1] == "80"
        spread._hand_back(link, [dear])
        assert spread._alarms([reserved(1)]) == ""


def test_forgetting_somebody_ends_what_lets_them_pass(world: World) -> None:
    """Once a person is forgotten, their allow is in force nowhere, whether anything else changes or not."""
    world.policy(countries=["DE"])
    assert allow(world).status_code == 201
    world.parts.truths.refresh()
    assert world.api.start().status_code == 201
    assert world.admin.delete(f"/v1/admin/people/%2B{NUMBER[1:]}").json["erased"]["allows"] == 1
    world.parts.truths.refresh()
    assert world.api.start(purpose="other").json["code"] == "country_not_allowed"


@pytest.mark.parametrize(
    ("written", "kept"),
    [("::ffff:203.0.113.0/120", "203.0.113.0/24"), ("::ffff:203.0.113.7", "203.0.113.7/32")],
)
def test_a_network_in_disguise_is_the_one_it_means(world: World, written: str, kept: str) -> None:
    """IPv4 written as IPv6 is kept as IPv4; as it stands no list could be loaded any more."""
    made = block(world, kind="network", value=written)
    assert (made.status_code, made.json["value"]) == (201, kept)
    world.parts.truths.refresh()
    assert world.api.start(client={"ip": "203.0.113.7"}).json["code"] == "refused_as_fraud"
    assert world.api.start(client={"ip": "::ffff:203.0.113.7"}).json["code"] == "refused_as_fraud"
    assert world.api.start(client={"ip": "198.51.100.7"}).status_code == 201


@pytest.mark.parametrize("written", ["::ffff:0:0/96", "::ffff:0:0/100", "fe80::%eth0/64"])
def test_a_network_that_means_nobody_is_refused(world: World, written: str) -> None:
    """All of IPv4 in disguise is as wide as all of IPv4, and a zone is of one machine alone."""
    assert block(world, kind="network", value=written).status_code == 422


def test_a_resend_without_the_brake_keeps_what_was_owed(world: World) -> None:
    """Whoever was exempted between two sends of a code still repays the first by typing it."""
    world.policy(fraud="enforce", price_micros={"CH": 50_000})
    id_ = world.api.start().json["id"]
    assert allow(world).status_code == 201
    world.parts.truths.refresh()
    assert world.api.post(f"/v1/verifications/{id_}/resend").status_code == 200
    assert world.api.check(world.code(id_), id=id_).json["valid"]

    asyncio.run(_repay(world))

    states = world.admin.get(f"/v1/admin/fraud?application=shop&to=%2B{NUMBER[1:]}").json["states"]
    assert {state["owed_micros"] for state in states} == {0}


async def _repay(world: World) -> None:
    client = connect_courier(world.parts.settings.redis_url)
    await Repaying(client, 0).step()
    await client.aclose()


def test_a_quarantine_lifted_by_many_at_once_is_lifted_once(world: World) -> None:
    """Of ten admins who lift the same quarantine one does, and the audit tells of one."""
    quarantine(world)
    path = f"/v1/admin/fraud/quarantines?application=shop&prefix=%2B{operator_prefix(NUMBER)[1:]}"
    callers = [world.caller("admin") for _ in range(10)]
    with ThreadPoolExecutor(10) as pool:
        heard = list(pool.map(lambda caller: caller.delete(path).status_code, callers))
    assert heard.count(200) == 1
    assert set(heard) <= {200, 404, 503}  # SQLite makes one wait, and not for ever
    assert acts(world).count("fraud.lift") == 1


@pytest.mark.parametrize("again", ["a repeated fact", "a late first fact"])
def test_where_from_stays_forgotten(world: World, again: str) -> None:
    """A fact that comes after the number was forgotten brings no index of the client back: nothing would forget it."""
    id_ = world.api.start(client={"ip": "203.0.113.7", "device_id": "phone"}, user="ana").json["id"]
    assert world.api.check(world.code(id_), id=id_, user="ana").json["valid"]
    happened = facts(world)
    first = (
        happened if again == "a repeated fact" else [fact for fact in happened if fact.data.get("event") == "approved"]
    )
    apply_facts(world.core.engine, first)
    retain(world.core.engine, now_ms() + 2 * DAY)
    apply_facts(world.core.engine, happened)
    with reading(world.core.engine) as connection:
        row = connection.execute(select(*(verifications.c[name] for name in CLIENT))).one()
    assert set(row) == {None}


def test_no_row_ends_after_the_last_year(world: World) -> None:
    """A time that can't be written any more is refused: one such row would take the whole list away."""
    late = "9999-12-31T23:59:59-23:59"
    assert block(world, expires_at=late).status_code in (400, 422)
    file = f"kind,value,reason,expires_at\ncountry,ES,x,{late}\n".encode()
    answer = world.admin.call("POST", "/v1/admin/blocks/import", data=file, content_type="text/csv")
    assert answer.json["errors"][0]["field"] == "line 2: expires_at"
    assert world.admin.get("/v1/admin/blocks").status_code == 200


@pytest.mark.parametrize("what", ["hash = x'ff00'", "signature = x'ff00'", "kid = x'ff00'", "seq = 0"])
def test_a_damaged_head_is_found(world: World, what: str) -> None:
    """Bytes in a head's row, or a head of no entry, are what verifying the audit tells, and not where it ends."""
    core = world.core
    block(world)
    assert heads.sign_if_due(core.engine, core.ring, core.audit_key, now_ms())
    assert audit.verify(core).bad is None
    with core.engine.begin() as connection:
        connection.execute(text(f"UPDATE audit_heads SET {what}"))
    found = audit.verify(core).bad
    assert found
    assert "head" in found.what


def test_a_short_memory_pays_no_code_twice(counter: Counter, redis: RedisServer) -> None:
    """What was repaid last is known for a day at least, however soon a policy lets its scopes forget."""
    counter.with_(memory_s=1)
    counter.types(counter.send(FAR))
    with redis.client() as client:
        assert client.pttl(f"{{f:{REALM}}}:repaid") > DAY // 2
