"""Starts: new ones, resends, what is inherited and what refuses."""

import json

import pytest

from otp_service.domain.errors import Refusal
from otp_service.domain.keys import KeyRing
from otp_service.domain.limits import parse_limits
from otp_service.store.limits import rules
from tests.keyspace import everything
from tests.servers import RedisServer
from tests.store.desk import DAY, HOUR, MINUTE, SECOND, Desk, fresh


def refused(desk: Desk, code: str, **more: object) -> int:
    """The seconds to wait for of a start that is refused with this code."""
    with pytest.raises(Refusal) as caught:
        desk.start(**more)  # type: ignore[arg-type]
    assert caught.value.code == code
    return caught.value.retry_after_s or 0


def test_a_resend_keeps_code_expiry_and_attempts(desk: Desk) -> None:
    """Starting again while one is live sends the same code again and gives no new guesses."""
    first = desk.start()
    desk.guess_wrong(first, 2)
    desk.now += 5 * MINUTE
    again = desk.start()
    assert (again.id, again.new, again.expires_ms, again.created_ms) == (
        first.id,
        False,
        first.expires_ms,
        first.created_ms,
    )
    assert (again.sends, again.attempts_left) == (2, 3)
    assert again.message != first.message


@pytest.mark.parametrize(("ttl_s", "fresh_s"), [(600, 60), (100, 50), (30, 15)])
def test_one_that_has_little_time_left_is_replaced(desk: Desk, ttl_s: int, fresh_s: int) -> None:
    """With under a minute left, or half the lifetime if that is less, a new one opens; before that it is sent again."""
    first = desk.start(ttl_ms=ttl_s * SECOND)
    desk.now += (ttl_s - fresh_s) * SECOND
    assert desk.start(ttl_ms=ttl_s * SECOND).id == first.id
    desk.now += 1
    replaced = desk.start(ttl_ms=ttl_s * SECOND)
    assert replaced.new
    assert replaced.expires_ms == desk.now + ttl_s * SECOND


def test_the_replacement_inherits_sends_and_attempts(desk: Desk) -> None:
    """A new code a minute before the old one's end gives neither guesses nor sends for free."""
    first = desk.start()
    desk.guess_wrong(first, 4)
    desk.now += 10 * MINUTE - 30 * SECOND
    second = desk.start()
    assert (second.sends, second.attempts_left) == (2, 1)
    assert desk.check(desk.code(first.id), id_=first.id).reason == "canceled"
    assert [desk.check(desk.wrong(second.id)).status] == ["failed"]


def test_one_that_expired_is_followed_by_a_fresh_one(desk: Desk) -> None:
    """After the end all guesses are there again; only failures are remembered."""
    first = desk.start()
    desk.guess_wrong(first, 4)
    desk.now = first.expires_ms
    second = desk.start()
    assert (second.new, second.sends, second.attempts_left) == (True, 1, 5)
    assert desk.failures().failures == 4


@pytest.mark.parametrize("change", [{"user": "u2"}, {"supplied": "424242"}])
def test_a_start_that_differs_cancels_and_opens_anew(desk: Desk, change: dict[str, str]) -> None:
    """Another user or supplied code ends the live verification, whose code is then right no more."""
    first = desk.start(user="u1")
    desk.guess_wrong(first, 2, user="u1")
    second = desk.start(**{"user": "u1", **change})
    assert (second.new, second.attempts_left) == (True, 5)
    late = desk.check(desk.code(first.id), id_=first.id, user="u1")
    assert (late.valid, late.reason) == (False, "canceled")


@pytest.mark.parametrize("wait_s", [1, 30, 600])
def test_two_sends_keep_their_distance(desk: Desk, wait_s: int) -> None:
    """Before resend_after another send is refused with the exact wait, afterwards it is not."""
    started = desk.start(resend_after_ms=wait_s * SECOND)
    assert started.resend_after_ms == desk.now + wait_s * SECOND
    desk.now = started.resend_after_ms - 1
    assert refused(desk, "resend_too_soon", resend_after_ms=wait_s * SECOND) == 1
    desk.now += 1
    assert desk.start(resend_after_ms=wait_s * SECOND).sends in (1, 2)


def test_the_distance_outlives_the_verification(desk: Desk) -> None:
    """A cancelled or expired one does not let the next be sent at once."""
    started = desk.start(ttl_ms=30 * SECOND, resend_after_ms=600 * SECOND)
    desk.now += 31 * SECOND
    assert refused(desk, "resend_too_soon", ttl_ms=30 * SECOND, resend_after_ms=600 * SECOND) == 569
    desk.now = started.resend_after_ms
    assert desk.start(ttl_ms=30 * SECOND, resend_after_ms=600 * SECOND).new


def test_sends_are_counted_over_the_lifetime(desk: Desk) -> None:
    """The sixth send within ttl waits until the first of them is a lifetime old, whatever was cancelled between."""
    first = desk.start(user="u0")
    for turn in range(1, 5):
        desk.now += MINUTE
        desk.start(user=f"u{turn}")
    desk.now += MINUTE
    assert refused(desk, "max_sends", user="u9") == 5 * 60
    desk.now = first.created_ms + 10 * MINUTE - 1
    assert refused(desk, "max_sends", user="u9") == 1
    desk.now += 1
    assert desk.start(user="u9").new


def test_an_approval_lets_the_next_code_go_at_once(desk: Desk) -> None:
    """Sends before an approval count neither for resend_after nor for max_sends."""
    for _ in range(5):
        last = desk.start(resend_after_ms=0)
    assert desk.check(desk.code(last.id)).valid
    desk.now += 1
    assert desk.start(resend_after_ms=600 * SECOND).new
    assert refused(desk, "resend_too_soon", resend_after_ms=600 * SECOND) == 600


def test_purposes_are_apart(desk: Desk) -> None:
    """Each purpose has its own live verification, sends and distance."""
    login = desk.start(resend_after_ms=MINUTE)
    payment = desk.start(purpose="payment", resend_after_ms=MINUTE)
    assert payment.new
    assert desk.check(desk.code(login.id)).valid
    assert desk.check(desk.code(payment.id), purpose="payment").valid


def test_a_resend_by_id_never_opens_another(desk: Desk) -> None:
    """One that ended, or that another took the place of, is not sent again."""
    first = desk.start()
    assert desk.start(only=first.id).id == first.id
    second = desk.start(user="u2")
    assert refused(desk, "not_pending", only=first.id) == 0
    desk.now = second.expires_ms
    assert refused(desk, "not_pending", user="u2", only=second.id) == 0


def test_refusals_come_in_order(desk: Desk) -> None:
    """Lock, then resend rules, then limits: the first gives the code, the longest gives the wait."""
    never = rules("ip", "v", parse_limits("0 per hour"))
    for user in ("u1", "u2"):
        desk.guess_wrong(desk.start(user=user), 5)
    assert refused(desk, "destination_locked", resend_after_ms=45 * SECOND, rules=never) == 3600
    desk.now += 30 * SECOND
    assert refused(desk, "resend_too_soon", resend_after_ms=45 * SECOND, max_sends=2, rules=never) == 3600
    desk.now += 15 * SECOND
    assert refused(desk, "max_sends", resend_after_ms=45 * SECOND, max_sends=2, rules=never) == 3600
    assert refused(desk, "rate_limited", resend_after_ms=45 * SECOND, rules=never) == 3600


@pytest.mark.parametrize("code", ["resend_too_soon", "max_sends", "not_pending", "idempotency_mismatch"])
def test_no_refusal_leaves_a_trace(desk: Desk, redis: RedisServer, code: str) -> None:
    """Whichever rule refuses, not a byte of Redis changes."""
    first = desk.start(operation=fresh("key"))
    desk.start(user="u2")
    before = everything(redis)
    refused(
        desk,
        code,
        resend_after_ms=MINUTE if code == "resend_too_soon" else 0,
        max_sends=2 if code == "max_sends" else 5,
        only=first.id if code == "not_pending" else "",
        operation=fresh("key", "other body") if code == "idempotency_mismatch" else fresh(),
    )
    assert everything(redis) == before


def test_an_operation_is_done_once(desk: Desk, redis: RedisServer) -> None:
    """The same operation again hears its first answer and sends nothing, even once others took its place."""
    operation = fresh()
    first = desk.start(operation=operation)
    desk.start(user="u2")
    desk.start(user="u3")
    before = everything(redis)
    again = desk.start(operation=operation)
    assert (again.id, again.message, again.sends, again.expires_ms) == (first.id, first.message, 1, first.expires_ms)
    assert again.replayed
    assert everything(redis) == before


def test_an_operation_is_known_for_ten_minutes_at_least(desk: Desk) -> None:
    """However short the lifetime, a repeat of the operation within ten minutes sends nothing."""
    operation = fresh()
    first = desk.start(operation=operation, ttl_ms=30 * SECOND)
    for turn in range(5):
        desk.now += MINUTE
        desk.start(user=f"u{turn}", ttl_ms=30 * SECOND)
    assert desk.start(operation=operation, ttl_ms=30 * SECOND).message == first.message


def test_a_remembered_answer_outlives_its_verification(desk: Desk) -> None:
    """With an Idempotency-Key the answer is the same for a day, although the verification ended."""
    first = desk.start(operation=fresh("key"))
    desk.check(desk.code(first.id))
    desk.now += HOUR
    again = desk.start(operation=fresh("key"))
    assert (again.id, again.new, again.replayed) == (first.id, True, True)


def test_every_send_is_queued_and_told(desk: Desk, redis: RedisServer) -> None:
    """A start and a resend leave one outbox entry and two facts each, numbered in order."""
    first, second = desk.start(), desk.start()
    with redis.client() as client:
        queued = [fields for _, fields in client.xrange("{c0}:out:high")]
        told = [fields for _, fields in client.xrange("{c0}:facts")]
    assert [entry["m"] for entry in queued] == [first.message, second.message]
    assert all(entry["i"] == first.id and entry["d"] == str(first.expires_ms) for entry in queued)
    assert [fact["f"] for fact in told] == [
        f"{first.id}:1",
        f"{first.message}:1",
        f"{first.id}:2",
        f"{second.message}:1",
    ]
    assert [json.loads(fact["d"])["sends"] for fact in told[::2]] == [1, 2]
    assert {fact["at"] for fact in told} == {str(desk.now)}


def test_a_start_that_cancels_tells_so(desk: Desk, redis: RedisServer) -> None:
    """The end of the old verification is a fact of its own, behind all that happened to it."""
    first = desk.start()
    desk.guess_wrong(first, 2)
    desk.start(user="u2")
    with redis.client() as client:
        told = [
            json.loads(fields["d"]) for _, fields in client.xrange("{c0}:facts") if fields["f"].startswith(first.id)
        ]
    assert [(fact["n"], fact["event"], fact["used"]) for fact in told] == [
        (1, "started", 0),
        (2, "guessed", 1),
        (3, "guessed", 2),
        (4, "canceled", 2),
    ]


def test_a_rotation_loses_no_live_verification(desk: Desk) -> None:
    """What began under the old key is sent again under it and checked after the new one came in front."""
    started = desk.start()
    code = desk.code(started.id)
    desk.ring = KeyRing({"k2": b"b" * 32, "k1": b"a" * 32})
    assert desk.start().id == started.id
    assert desk.check(code).valid


def test_a_code_whose_key_is_gone_is_not_promised_again(desk: Desk, redis: RedisServer) -> None:
    """Without its key the code can't be made: a resend is refused, unpaid, until the verification ends."""
    started = desk.start()
    desk.ring = KeyRing({"k2": b"b" * 32})
    before = everything(redis)
    assert refused(desk, "unavailable") == 5
    assert everything(redis) == before
    desk.now = started.expires_ms
    assert desk.start().new


def test_state_is_judged_by_time_and_collected_by_redis(desk: Desk, redis: RedisServer) -> None:
    """A record lives until a day after its expiry, and expiry is judged by the clock, not by its absence."""
    started = desk.start()
    with redis.client() as client:
        (key,) = client.keys("*:v:*")
        assert DAY < client.pttl(key) <= DAY + 10 * MINUTE
    desk.now = started.expires_ms - 1
    assert desk.check(desk.wrong(started.id)).reason == "wrong_code"
    desk.now += 1
    assert desk.check(desk.code(started.id)).reason == "expired"


def test_the_last_eight_are_remembered(desk: Desk) -> None:
    """Ended verifications are named with their reason; older ones are the ledger's to tell."""
    ids = [desk.start(user=f"u{turn}", max_sends=20).id for turn in range(10)]
    assert [desk.check("123456", id_=id_).reason for id_ in ids[1:9]] == ["canceled"] * 8
    with pytest.raises(LookupError):
        desk.check("123456", id_=ids[0])


def test_a_record_does_not_grow_without_end(desk: Desk, redis: RedisServer) -> None:
    """After hundreds of sends the record holds what the last lifetime needs."""
    for turn in range(200):
        desk.now += 20 * SECOND
        started = desk.start(user=f"u{turn % 7}", max_sends=20, ttl_ms=30 * SECOND)
        with redis.client() as client:
            client.hset(client.keys("*:v:*")[0], f"m:{started.message}", "2|accepted|simulator||0")
        desk.guess_wrong(started, 1 if turn % 25 == 0 else 0)
    with redis.client() as client:
        (key,) = client.keys("*:v:*")
        record = client.hgetall(key)
    assert len(json.loads(record["sends"])) <= 31
    assert len(json.loads(record["ended"])) == 8
    assert len([name for name in record if name.startswith("m:")]) <= 31
