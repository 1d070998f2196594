"""Checks: paid for first, compared once, heard again only by the operation that asked."""

import json

import pytest

from otp_service.domain.errors import Refusal
from otp_service.domain.ids import address_of
from otp_service.domain.keys import KeyRing
from otp_service.store import verifications as store
from tests.keyspace import everything
from tests.servers import RedisServer
from tests.store.desk import HOUR, MINUTE, OTHER, Desk, fresh


def test_the_right_code_is_right_once(desk: Desk) -> None:
    """The first right answer approves, the second is already_used."""
    code = desk.code(desk.start().id)
    first, second = desk.check(code), desk.check(code)
    assert (first.valid, first.status, first.reason, first.attempts_left) == (True, "approved", None, 4)
    assert (first.approved_ms, second.approved_ms) == (desk.now, desk.now)
    assert (second.valid, second.status, second.reason, second.attempts_left) == (False, "approved", "already_used", 0)


def test_five_wrong_guesses_end_it(desk: Desk) -> None:
    """The fifth wrong guess is answered as such with none left; later ones, right or wrong, hear max_attempts."""
    started = desk.start()
    heard = desk.guess_wrong(started, 5)
    assert [each.reason for each in heard] == ["wrong_code"] * 5
    assert [each.attempts_left for each in heard] == [4, 3, 2, 1, 0]
    assert [each.status for each in heard] == ["pending"] * 4 + ["failed"]
    late = desk.check(desk.code(started.id))
    assert (late.valid, late.reason, late.status) == (False, "max_attempts", "failed")


def test_a_guess_too_late_is_expired(desk: Desk) -> None:
    """At its expiry, to the millisecond, the right code is right no more."""
    started = desk.start()
    desk.now = started.expires_ms
    late = desk.check(desk.code(started.id))
    assert (late.valid, late.reason, late.status) == (False, "expired", "expired")


@pytest.mark.parametrize("end", ["approved", "failed", "canceled", "expired"])
def test_ended_states_count_nothing(desk: Desk, redis: RedisServer, end: str) -> None:
    """Whatever is guessed at an ended verification, not a byte of Redis changes."""
    started = desk.start()
    match end:
        case "approved":
            desk.check(desk.code(started.id))
        case "failed":
            desk.guess_wrong(started, 5)
        case "canceled":
            store.cancel(desk.link, 1, address_of(started.id), started.id, now=str(desk.now))
        case "expired":
            desk.now = started.expires_ms
    before = everything(redis)
    assert {desk.check(code).status for code in (desk.code(started.id), desk.wrong(started.id))} == {end}
    assert everything(redis) == before


def test_a_code_of_another_shape_costs_no_attempt(desk: Desk, redis: RedisServer) -> None:
    """Length and alphabet of this very verification are compared before anything is paid."""
    desk.start()
    before = everything(redis)
    for code in ("12345", "1234567", "ABCDEF", "ABC234"):
        with pytest.raises(Refusal, match="cost no attempt"):
            desk.check(code)
    assert everything(redis) == before


@pytest.mark.parametrize(
    ("more", "start"), [({"user": "u2"}, {"user": "u1"}), ({}, {"user": "u1"}), ({"user": "u1"}, {})]
)
def test_the_right_code_of_the_wrong_user_is_wrong(desk: Desk, more: dict[str, str], start: dict[str, str]) -> None:
    """A user who differs, is missing or was never named makes the code wrong, and the guess is paid."""
    started = desk.start(**start)
    heard = desk.check(desk.code(started.id), **more)
    assert (heard.valid, heard.reason, heard.attempts_left) == (False, "wrong_code", 4)


def test_another_s_code_never_opens(desk: Desk) -> None:
    """The code of another number or purpose is wrong here."""
    mine, theirs, payment = desk.start(), desk.start(OTHER), desk.start(purpose="payment")
    assert not desk.check(desk.code(theirs.id)).valid
    assert not desk.check(desk.code(payment.id)).valid
    assert not desk.check(desk.code(mine.id), purpose="payment").valid
    assert desk.check(desk.code(mine.id)).valid


@pytest.mark.parametrize("key", ["", "key"])
def test_only_the_operation_that_approved_hears_it_again(desk: Desk, key: str) -> None:
    """A repeat of the approving operation hears approved, even after the next verification opened; nobody else does."""
    started = desk.start()
    code = desk.code(started.id)
    operation = fresh(key)
    assert desk.check(code, operation=operation).valid
    assert desk.check(code, operation=operation).valid
    assert not desk.check(code, operation=fresh()).valid
    desk.start()
    for again in (desk.check(code, operation=operation), desk.check(code, id_=started.id, operation=operation)):
        assert (again.valid, again.id, again.attempts_left) == (True, started.id, 4)
    assert desk.check(code, id_=started.id).reason == "already_used"


@pytest.mark.parametrize("key", ["", "key"])
def test_a_repeated_wrong_guess_is_paid_once(desk: Desk, key: str) -> None:
    """The same operation again hears what it heard, and costs neither attempt nor failure."""
    started, operation = desk.start(), fresh(key)
    for _ in range(3):
        heard = desk.check(desk.wrong(started.id), operation=operation)
        assert (heard.reason, heard.attempts_left) == ("wrong_code", 4)
    assert desk.failures().failures == 1


def test_what_an_ended_one_answered_is_remembered_too(desk: Desk) -> None:
    """A key whose first answer was `expired` hears that again, and pays nothing, although a new verification began."""
    first = desk.start()
    desk.now = first.expires_ms
    assert desk.check("123456", operation=fresh("key")).reason == "expired"
    second = desk.start()
    again = desk.check("123456", operation=fresh("key"))
    assert (again.reason, again.id) == ("expired", first.id)
    assert desk.check(desk.wrong(second.id)).attempts_left == 4


def test_a_key_with_another_body_is_refused(desk: Desk, redis: RedisServer) -> None:
    """Whatever the first answer was, another body under the same key is a mismatch and costs nothing."""
    started = desk.start()
    desk.check(desk.wrong(started.id), operation=fresh("key"))
    before = everything(redis)
    with pytest.raises(Refusal) as caught:
        desk.check(desk.code(started.id), operation=fresh("key", "another body"))
    assert caught.value.code == "idempotency_mismatch"
    assert everything(redis) == before


def test_a_check_under_a_key_that_is_gone_is_unpaid(desk: Desk, redis: RedisServer) -> None:
    """Without the verification's key in the ring nothing can be compared: 503, and no attempt is lost."""
    started = desk.start()
    code = desk.code(started.id)
    before = everything(redis)
    ring, desk.ring = desk.ring, KeyRing({"k2": b"b" * 32})
    with pytest.raises(Refusal) as caught:
        desk.check(code)
    assert (caught.value.code, caught.value.retry_after_s) == ("unavailable", 5)
    assert everything(redis) == before
    desk.ring = ring
    assert desk.check(code).valid


def test_late_guesses_hear_the_reason_of_their_own(desk: Desk) -> None:
    """Each of the ended ones is answered with how it ended, by its id."""
    approved = desk.start()
    desk.check(desk.code(approved.id))
    failed = desk.start()
    desk.guess_wrong(failed, 5)
    expired = desk.start()
    desk.now = expired.expires_ms
    canceled = desk.start(user="u1")
    desk.start(user="u2")
    heard = {id_: desk.check("123456", id_=id_).reason for id_ in (approved.id, failed.id, expired.id, canceled.id)}
    assert list(heard.values()) == ["already_used", "max_attempts", "expired", "canceled"]


def test_an_ended_one_knows_when_it_ended(desk: Desk, redis: RedisServer) -> None:
    """The time of the end is that of the last guess, the cancellation or the expiry, not that of the next start."""
    failed = desk.start()
    desk.guess_wrong(failed, 5)
    ends = [desk.now]
    desk.now += MINUTE
    expired = desk.start()
    desk.now = expired.expires_ms + HOUR
    ends.append(expired.expires_ms)
    desk.start()
    with redis.client() as client:
        (key,) = client.keys("*:v:*")
        ended = json.loads(client.hget(key, "ended"))
    assert [int(entry[2]) for entry in reversed(ended)] == ends


def test_cancelling_is_final(desk: Desk, redis: RedisServer) -> None:
    """A cancelled verification is cancelled for good, twice is once, and other ends can't be cancelled."""
    started = desk.start()
    at = address_of(started.id)
    assert store.cancel(desk.link, 1, at, started.id, now=str(desk.now))
    before = everything(redis)
    assert store.cancel(desk.link, 1, at, started.id, now=str(desk.now))
    assert everything(redis) == before
    assert desk.check(desk.code(started.id)).reason == "canceled"
    second = desk.start()
    desk.check(desk.code(second.id))
    with pytest.raises(Refusal) as caught:
        store.cancel(desk.link, 1, at, second.id, now=str(desk.now))
    assert caught.value.code == "not_pending"
    third = desk.start()
    assert store.cancel(desk.link, 1, at, started.id, now=str(desk.now))
    with pytest.raises(Refusal):
        store.cancel(desk.link, 1, at, second.id, now=str(desk.now))
    assert desk.check(desk.code(third.id)).valid


def test_every_transition_has_exactly_one_fact(desk: Desk, redis: RedisServer) -> None:
    """Guesses, the end and their repeats leave facts numbered without a gap."""
    started, operation = desk.start(), fresh()
    desk.check(desk.wrong(started.id))
    desk.check(desk.wrong(started.id), operation=operation)
    desk.check(desk.wrong(started.id), operation=operation)
    desk.check(desk.code(started.id))
    desk.check(desk.code(started.id))
    with redis.client() as client:
        told = [fields for _, fields in client.xrange("{c0}:facts") if fields["t"] == "verification"]
    assert [fact["f"] for fact in told] == [f"{started.id}:{n}" for n in (1, 2, 3, 4)]
    data = [json.loads(fact["d"]) for fact in told]
    assert [each["event"] for each in data] == ["started", "guessed", "guessed", "approved"]
    assert [each["used"] for each in data] == [0, 1, 2, 3]


def test_nothing_is_known_of_a_number_that_never_started(desk: Desk) -> None:
    """A guess where nothing was started finds nothing, and changes nothing."""
    with pytest.raises(LookupError):
        desk.check("123456")
