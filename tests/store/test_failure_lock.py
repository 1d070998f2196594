"""The failure lock (NIST SP 800-63B-4, 3.2.2), made so that an outsider can't keep the owner out."""

import json
from typing import Any

import pytest

from otp_service.domain.errors import Refusal
from otp_service.domain.ids import address
from otp_service.store.failure_locks import forgive
from otp_service.store.operation import Operation
from otp_service.store.verifications import Started
from tests.keyspace import everything
from tests.servers import RedisServer
from tests.store.desk import DAY, HOUR, INDEX_KEY, OTHER, SECOND, TO, Desk


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk where only the lock limits starts."""
    desk.policy["max_sends"] = 1000
    return desk


def wait_s(desk: Desk, **more: Any) -> int:
    """What a start is told to wait for because of the lock; 0 if it goes out."""
    try:
        desk.start(**more)
    except Refusal as refusal:
        if refusal.code != "destination_locked":
            raise
        return refusal.retry_after_s or 0
    return 0


def open_one(desk: Desk, **more: Any) -> Started:
    """A new verification, as soon as the lock allows one."""
    started = desk.start(user=str(desk.now), **more) if not (wait := wait_s(desk, **more)) else None
    if started is None:
        desk.now += wait * SECOND
        started = desk.start(user=str(desk.now), **more)
    return started


def fail(desk: Desk, times: int, **more: Any) -> None:
    """So many wrong guesses, at as many verifications as they need."""
    for _ in range(-(-times // 5)):
        started = open_one(desk, **more)
        user = str(desk.now)
        for _ in range(min(times, 5)):
            desk.check(desk.wrong(started.id), user=user, **more)
        times -= 5


def test_nine_failures_delay_nothing(desk: Desk) -> None:
    """Up to nine wrong codes in a row the next code goes out at once."""
    fail(desk, 9)
    assert desk.failures().failures == 9
    assert wait_s(desk) == 0


@pytest.mark.parametrize(
    ("failures", "delay_s"),
    [(10, 30), (11, 60), (12, 120), (13, 240), (14, 480), (15, 960), (16, 1920), (17, 3600), (18, 3600), (60, 3600)],
)
def test_from_ten_on_each_failure_doubles_the_delay(desk: Desk, failures: int, delay_s: int) -> None:
    """30 seconds after the tenth, doubled by each further one, an hour at most; the wait that is told is true."""
    fail(desk, failures)
    assert wait_s(desk) == delay_s
    desk.now += delay_s * SECOND - 1
    assert wait_s(desk) == 1
    desk.now += 1
    assert wait_s(desk) == 0


def test_an_open_verification_keeps_its_guesses(desk: Desk) -> None:
    """The lock delays new codes; whoever has one may still type it."""
    fail(desk, 9)
    started = open_one(desk)
    user = str(desk.now)
    assert desk.check(desk.wrong(started.id), user=user).attempts_left == 4
    assert wait_s(desk) == 30
    assert desk.check(desk.code(started.id), user=user).valid


def test_failures_count_over_verifications_purposes_and_resends(desk: Desk) -> None:
    """Neither a resend nor a new code, another purpose or a cancellation starts the count again."""
    started = desk.start()
    desk.guess_wrong(started, 3)
    desk.start()
    desk.guess_wrong(started, 2)
    payment = desk.start(purpose="payment")
    desk.guess_wrong(payment, 5, purpose="payment")
    assert desk.failures().failures == 10
    assert wait_s(desk, purpose="anything") == 30


def test_numbers_are_locked_apart(desk: Desk) -> None:
    """One number's failures say nothing about another's."""
    fail(desk, 10)
    assert wait_s(desk, to=OTHER) == 0
    assert desk.failures(OTHER).failures == 0


def test_an_approval_starts_the_count_again(desk: Desk) -> None:
    """The right code forgives all failures before it."""
    fail(desk, 12)
    started = open_one(desk)
    assert desk.check(desk.code(started.id), user=str(desk.now)).valid
    assert desk.failures().failures == 0
    fail(desk, 9)
    assert wait_s(desk) == 0


def approve(desk: Desk, device: str) -> None:
    started = open_one(desk, device=device)
    assert desk.check(desk.code(started.id), user=str(desk.now), device=device).valid


def test_a_known_device_is_not_delayed_by_strangers(desk: Desk) -> None:
    """A device that approved before gets its code while strangers, and devices never seen, must wait."""
    approve(desk, "phone")
    fail(desk, 12)
    assert wait_s(desk) == 120
    assert wait_s(desk, device="stolen name") == 120
    assert wait_s(desk, device="phone") == 0


def test_a_known_device_counts_for_itself(desk: Desk) -> None:
    """Its failures delay itself and no stranger; all of them count towards the hard lock."""
    approve(desk, "phone")
    fail(desk, 11, device="phone")
    assert wait_s(desk, device="phone") == 60
    assert wait_s(desk) == 0
    fail(desk, 3)
    lock = desk.failures()
    assert (lock.failures, lock.strangers) == (14, 3)


def test_a_device_is_known_by_the_check_that_names_it(desk: Desk) -> None:
    """To guess as a stranger counts for strangers, whatever device the start named."""
    approve(desk, "phone")
    started = open_one(desk, device="phone")
    user = str(desk.now)
    for _ in range(5):
        desk.check(desk.wrong(started.id), user=user)
    assert desk.failures().strangers == 5


def test_a_device_is_known_for_90_days(desk: Desk) -> None:
    """90 days after its last approval a device is a stranger again."""
    approve(desk, "phone")
    desk.now += 90 * DAY - 1
    fail(desk, 10)
    assert (wait_s(desk), wait_s(desk, device="phone")) == (30, 0)
    desk.now += 1
    assert wait_s(desk, device="phone") == 30


def test_another_device_s_approval_keeps_this_one_known(desk: Desk) -> None:
    """Devices are remembered side by side, twenty at most."""
    for turn in range(22):
        approve(desk, f"device-{turn}")
    fail(desk, 10)
    known = [turn for turn in range(22) if wait_s(desk, device=f"device-{turn}") == 0]
    assert known == list(range(20))


def test_counts_live_90_days_after_the_last_failure(desk: Desk) -> None:
    """A failure keeps those before it alive; 90 days of peace forget all, those of known devices too."""
    approve(desk, "phone")
    fail(desk, 12, device="phone")
    fail(desk, 17)
    desk.now += 90 * DAY - 1
    assert desk.failures().failures == 29
    fail(desk, 1)
    desk.now += 90 * DAY
    assert desk.failures().failures == 0
    fail(desk, 1)
    assert (desk.failures().failures, desk.failures().strangers) == (1, 1)


def test_the_hundredth_failure_disables_the_number(desk: Desk, redis: RedisServer) -> None:
    """From then on starts and checks are refused, for known devices too, and one fact tells it."""
    approve(desk, "phone")
    fail(desk, 95)
    started = open_one(desk)
    user = str(desk.now)
    for _ in range(5):
        assert desk.check(desk.wrong(started.id), user=user).reason == "wrong_code"
    for device in ("", "phone"):
        with pytest.raises(Refusal) as start:
            desk.start(device=device)
        with pytest.raises(Refusal) as check:
            desk.check(desk.code(started.id), user=user, device=device)
        assert start.value.code == check.value.code == "destination_disabled"
    (told,) = locks(redis)
    assert (told["failures"], told["application"], told["subject"]) == (100, "app", "s")


def locks(redis: RedisServer) -> list[dict[str, Any]]:
    with redis.client() as client:
        return [json.loads(fields["d"]) for _, fields in client.xrange("{c0}:facts") if fields["t"] == "lock"]


def test_a_disabled_number_changes_no_more(desk: Desk, redis: RedisServer) -> None:
    """Refused starts and checks leave no trace, and no second fact."""
    desk.policy["hard_lock_after"] = 10
    fail(desk, 10)
    before = everything(redis)
    for _ in range(3):
        with pytest.raises(Refusal):
            desk.start()
        with pytest.raises(Refusal):
            desk.check("123456")
    assert everything(redis) == before
    assert len(locks(redis)) == 1


def test_the_guess_that_locked_hears_its_answer_again(desk: Desk) -> None:
    """A repeat of the hundredth guess after a lost reply hears wrong_code, not the lock that it caused itself."""
    desk.policy["hard_lock_after"] = 10
    fail(desk, 9)
    started, user = open_one(desk), str(desk.now)
    operation = Operation("op-last")
    for _ in range(2):
        assert desk.check(desk.wrong(started.id), user=user, operation=operation).reason == "wrong_code"


def test_an_admin_forgives(desk: Desk) -> None:
    """Lifting the lock forgets every failure."""
    desk.policy["hard_lock_after"] = 10
    fail(desk, 10)
    forgive(desk.link, desk.cells, address(INDEX_KEY, "app", TO, "login").subject)
    assert desk.failures().failures == 0
    assert wait_s(desk) == 0


def test_an_hour_is_the_most_that_a_stranger_can_cost_others(desk: Desk) -> None:
    """Whatever strangers do, the next code goes out an hour after their last guess."""
    fail(desk, 60)
    desk.now += HOUR
    assert wait_s(desk) == 0


def half_way(redis: RedisServer) -> list[dict[str, str]]:
    """The facts that tell of a number half-way to its lock."""
    with redis.client() as client:
        return [fields for _, fields in client.xrange("{c0}:facts") if fields["t"] == "failures"]


def test_somebody_is_told_half_way_to_the_lock(desk: Desk, redis: RedisServer) -> None:
    """The fiftieth wrong code in a row writes one fact, which names the number by its index alone."""
    fail(desk, 49)
    assert half_way(redis) == []
    fail(desk, 3)
    (told,) = half_way(redis)
    data = json.loads(told["d"])
    assert told["f"].endswith(":failures50")
    assert (data["failures"], set(data["person"])) == (50, {"number_index"})


def test_where_the_lock_comes_first_nobody_is_warned(desk: Desk, redis: RedisServer) -> None:
    """A policy that disables a number at fifty wrong codes tells the lock and no warning before it."""
    desk.policy["hard_lock_after"] = 50
    fail(desk, 50)
    assert half_way(redis) == []
    assert len(locks(redis)) == 1
