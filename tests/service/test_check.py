"""Checks: the ledger's lock, known devices, rotation of keys and proofs."""

from dataclasses import replace

import jwt
import pytest

from otp_service.domain.keys import KeyRing, parse_ring
from otp_service.web.app import make_app
from otp_service.web.metrics import ALARMS
from tests.clock import DAY, SECOND, TimedWorld
from tests.keyspace import drain, everything, facts, raw_client
from tests.servers import RedisServer
from tests.world import MASTER_KEYS, NUMBER, Api, World

NEW_KEY = "k2:" + "QkJC" * 10 + "QkI="


def fail(world: TimedWorld, times: int, **more: str) -> None:
    """So many wrong guesses in a row, waiting out whatever delays the next code."""
    for start in range(0, times, 5):
        response = world.api.start(user=f"try-{world.clock.now}-{start}")
        if response.status_code == 429:
            world.clock.pass_(response.json["retry_after_s"] * SECOND)
            response = world.api.start(user=f"try-{world.clock.now}-{start}")
        assert response.status_code == 201, response.json
        wrong = world.wrong(response.json["id"])
        for _ in range(min(5, times - start)):
            world.api.check(wrong, id=response.json["id"])


@pytest.fixture
def strict(timed: TimedWorld) -> TimedWorld:
    """A service that disables a number after ten wrong codes."""
    timed.policy(hard_lock_after=10, limits={"to": "", "ip": ""}, max_sends=20)
    return timed


def disabled(world: World) -> set[tuple[int, str]]:
    """What start and check are answered."""
    return {(answer.status_code, answer.json.get("code")) for answer in (world.api.start(), world.api.check("123456"))}


def test_a_disabled_number_is_a_truth(strict: TimedWorld) -> None:
    """After the last failure start and check are 403, before the drain, after it, and after Redis lost everything."""
    fail(strict, 10)
    assert disabled(strict) == {(403, "destination_disabled")}
    drain(strict)
    assert disabled(strict) == {(403, "destination_disabled")}
    with raw_client(strict) as client:
        client.flushall()
    assert disabled(strict) == {(403, "destination_disabled")}


def test_a_lock_outlives_its_counts(strict: TimedWorld) -> None:
    """Although Redis lost the counts alone, the right code of an open verification is refused."""
    other = strict.api.start(purpose="other").json["id"]
    fail(strict, 10)
    drain(strict)
    with raw_client(strict) as client:
        client.delete(*client.keys("*:f:*"))
    assert strict.api.check(strict.code(other), id=other).json["code"] == "destination_disabled"


def test_the_lock_is_told_once(strict: TimedWorld) -> None:
    """One fact, with the application, the subject and the count, and no number."""
    fail(strict, 10)
    strict.api.start()
    (lock,) = [fact for fact in facts(strict) if fact.type == "lock"]
    assert (lock.data["application"], lock.data["failures"]) == (strict.shop, 10)
    assert NUMBER[1:] not in str(lock)


def test_an_admin_lifts_the_lock(strict: TimedWorld) -> None:
    """After it the count begins anew, and the next code goes out."""
    fail(strict, 10)
    drain(strict)
    response = strict.admin.delete(f"/v1/admin/locks?application={strict.shop}&to=%2B41791234567")
    assert response.status_code == 200
    strict.parts.truths.refresh()
    id_ = strict.api.start(user="after").json["id"]
    assert strict.api.check(strict.code(id_), user="after").json["valid"]


def test_the_guess_that_disabled_is_heard_again(strict: TimedWorld) -> None:
    """Its repeat with the same key hears wrong_code, not the lock that it caused, even after the drain."""
    fail(strict, 9)
    id_ = strict.api.start(user="last").json["id"]
    wrong, key = strict.wrong(id_), {"Idempotency-Key": "the-tenth"}
    first = strict.api.check(wrong, id=id_, headers=key)
    assert first.json["reason"] == "wrong_code"
    drain(strict)
    assert strict.api.check(wrong, id=id_, headers=key).json == first.json
    assert strict.api.check(wrong, id=id_).status_code == 403


def test_test_keys_are_not_locked_with_live_ones(strict: TimedWorld) -> None:
    """What strangers do to the number does not stop tests, and tests lock nobody."""
    fail(strict, 10)
    drain(strict)
    assert strict.caller("verifications:start", test=True).start().status_code == 201


def test_a_delayed_start_says_how_long(timed: TimedWorld) -> None:
    """The tenth failure delays the next code by 30 s, which Retry-After says and keeps."""
    timed.policy(limits={"to": "", "ip": ""}, max_sends=20)
    fail(timed, 10)
    response = timed.api.start()
    assert (response.status_code, response.json["code"]) == (429, "destination_locked")
    assert response.headers["Retry-After"] == "30"
    timed.clock.pass_(30 * SECOND)
    assert timed.api.start().status_code == 201


def test_the_owner_s_device_gets_through(timed: TimedWorld) -> None:
    """A device that approved within 90 days is not delayed by what strangers typed."""
    timed.policy(limits={"to": "", "ip": ""}, max_sends=20)
    owner = {"device_id": "owner's phone"}
    id_ = timed.api.start(client=owner).json["id"]
    assert timed.api.check(timed.code(id_), client=owner).json["valid"]
    fail(timed, 10)
    assert timed.api.start().status_code == 429
    assert timed.api.start(client=owner).status_code in (200, 201)
    timed.clock.pass_(90 * DAY)
    fail(timed, 10)
    assert timed.api.start(client=owner).status_code == 429


def test_half_way_to_the_lock_an_alarm_is_raised(timed: TimedWorld) -> None:
    """The fiftieth failure in a row is counted for the operator's eyes."""
    timed.policy(limits={"to": "", "ip": ""}, max_sends=20)
    before = ALARMS.labels("failures")._value.get()
    fail(timed, 49)
    assert ALARMS.labels("failures")._value.get() == before
    fail(timed, 1)
    assert ALARMS.labels("failures")._value.get() == before + 1


def under(world: World, ring: KeyRing) -> Api:
    """The same caller at a process with another key ring."""
    app = make_app(replace(world.core, ring=ring), world.parts.truths)
    return Api(app.test_client(), world.api.key)


def test_a_rotation_loses_no_live_verification(world: World) -> None:
    """What began under k1 is checked and sent again once the ring is k2,k1, and its proof verifies."""
    world.policy(proof=True)
    id_ = world.api.start(user="u1").json["id"]
    code = world.code(id_)
    after = under(world, parse_ring(f"{NEW_KEY},{MASTER_KEYS}"))
    again = after.post(f"/v1/verifications/{id_}/resend")
    assert (again.status_code, again.json["id"]) == (200, id_)
    assert world.code(id_) == code
    answer = after.check(code, id=id_, user="u1").json
    assert (answer["valid"], answer["to"]) == (True, NUMBER)
    assert jwt.get_unverified_header(answer["proof"])["kid"] == "k2"


def test_processes_of_both_rings_work_side_by_side(world: World) -> None:
    """During a roll-out what began under the new key is checked by whoever holds both."""
    ring = parse_ring(f"{NEW_KEY},{MASTER_KEYS}")
    after = under(world, ring)
    id_ = after.start().json["id"]
    old_first = under(world, parse_ring(f"{MASTER_KEYS},{NEW_KEY}"))
    assert old_first.check("123456", id=id_).json["reason"] == "wrong_code"
    assert old_first.get(f"/v1/verifications/{id_}").json["to"] == NUMBER


def test_without_its_key_nothing_is_paid(world: World, redis: RedisServer) -> None:
    """A verification whose key left the ring is 503 to check, to send again and to resend; nothing is used up."""
    id_ = world.api.start().json["id"]
    code = world.code(id_)
    bare = under(world, parse_ring(NEW_KEY))
    before = everything(redis)
    for answer in (
        bare.check(code, id=id_),
        bare.check(code),
        bare.start(),
        bare.post(f"/v1/verifications/{id_}/resend"),
    ):
        assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
        assert answer.headers["Retry-After"] == "5"
    assert everything(redis) == before
    assert world.api.check(code, id=id_).json["valid"]


def test_a_repeated_approval_gives_the_same_proof(world: World) -> None:
    """jti, iat and all of it: a login flow that accepts each proof once is not fooled by a retry."""
    world.policy(proof=True)
    id_ = world.api.start().json["id"]
    code, key = world.code(id_), {"Idempotency-Key": "approve"}
    proofs = {world.api.check(code, headers=key).json["proof"] for _ in range(3)}
    assert len(proofs) == 1
    assert world.api.check(code).json["proof"] is None
