"""Limits hold in every window, and tell the truth about when they end."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from otp_service.domain.errors import Refusal
from otp_service.domain.ids import address
from otp_service.domain.limits import parse_limits
from otp_service.store.limits import Rule, money, peek, reset, rules
from otp_service.store.scripts import SCRIPTS
from tests.keyspace import everything
from tests.servers import RedisServer
from tests.store.desk import DAY, HOUR, INDEX_KEY, MINUTE, OTHER, SECOND, T0, TO, Desk

# The database is emptied by hand, so that each example begins anew.
MANY = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
Sent = list[tuple[int, int]]  # (when, cost)

AMOUNTS = st.sampled_from([1, 2, 5, 64, 65, 66, 100])
PERIODS = st.sampled_from([MINUTE, 61 * SECOND, 10 * MINUTE, HOUR, DAY])
# Bursts, pauses about as long as slot and period, and clocks that stand still.
GAPS = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from([0, 1, 7, 999, 1000, 1001, 16_900, 59_999, 60_000, 60_001])),
    max_size=25,
)


def limit(text: str, scope: str = "application", value: str = "v") -> list[Rule]:
    return rules(scope, value, parse_limits(text))


def rule(amount: int, period_ms: int, kind: str, cost: int = 1) -> Rule:
    if kind == "m":
        return money("spend", "v", amount, period_ms, cost)
    return Rule(f"{{l}}:{kind}", "rate_limited", "application", kind, amount, period_ms, cost)


def most_in_a_window(sent: Sent, period_ms: int) -> int:
    return max((sum(cost for at, cost in sent if begin <= at < begin + period_ms) for begin, _ in sent), default=0)


@MANY
@given(AMOUNTS, PERIODS, GAPS)
@example(65, HOUR, [(40, 60_000), (40, 0), (40, 59_999), (40, 60_001)])
def test_no_window_ever_holds_more_than_the_amount(
    desk: Desk, redis: RedisServer, amount: int, period_ms: int, gaps: list[tuple[int, int]]
) -> None:
    """Whatever the bursts and pauses, any stretch of one period holds at most the amount, exact or by counters."""
    for kind in ("e", "c"):
        with redis.client() as client:
            client.flushall()
        desk.now, sent, one = T0, [], rule(amount, period_ms, kind)
        for times, gap in gaps:
            desk.now += gap * period_ms // MINUTE
            for _ in range(min(times, amount + 2)):
                if desk.reserve([one]) == 0:
                    sent.append((desk.now, 1))
        assert most_in_a_window(sent, period_ms) <= amount


@MANY
@given(st.integers(1, 400), st.lists(st.tuples(st.integers(0, 150), st.integers(0, 90 * MINUTE)), max_size=40))
def test_no_day_ever_costs_more_than_the_ceiling(
    desk: Desk, redis: RedisServer, ceiling: int, sends: list[tuple[int, int]]
) -> None:
    """Money is counted by price, and no rolling day spends more than the ceiling."""
    with redis.client() as client:
        client.flushall()
    desk.now, sent = T0, []
    for cost, gap in sends:
        desk.now += gap
        if desk.reserve([rule(ceiling, DAY, "m", cost)]) == 0:
            sent.append((desk.now, cost))
    assert most_in_a_window(sent, DAY) <= ceiling


@MANY
@given(AMOUNTS, PERIODS, st.lists(st.integers(0, 90 * SECOND), min_size=1, max_size=30))
def test_the_wait_that_is_told_is_exact(
    desk: Desk, redis: RedisServer, amount: int, period_ms: int, gaps: list[int]
) -> None:
    """A refused send succeeds after exactly the wait that was told, and not a millisecond earlier."""
    for kind in ("e", "c"):
        with redis.client() as client:
            client.flushall()
        desk.now, one, turn = T0, rule(amount, period_ms, kind), 0
        while not (wait := desk.reserve([one])):
            desk.now += gaps[turn % len(gaps)] * period_ms // (50 * MINUTE)
            turn += 1
            if turn > amount + 5:
                break
        else:
            refused_at = desk.now
            desk.now = refused_at + wait - 1
            assert desk.reserve([one]) == 1
            desk.now = refused_at + wait
            assert desk.reserve([one]) == 0


def test_several_limits_wait_for_the_longest(desk: Desk) -> None:
    """The wait is the latest of all refusing rules; after it every rule agrees."""
    both = [*limit("2 per hour", "ip"), *limit("100 per hour", "other"), *limit("1 per minute")]
    assert desk.reserve(both) == 0
    desk.now += MINUTE
    assert desk.reserve(both) == 0
    assert desk.reserve(both) == 59 * MINUTE
    desk.now += 59 * MINUTE - 1
    assert desk.reserve(both) == 1
    desk.now += 1
    assert desk.reserve(both) == 0


def test_a_refusal_consumes_nothing(desk: Desk, redis: RedisServer) -> None:
    """When one limit refuses, no other counts, and not a byte of Redis changes."""
    many = [*limit("100 per hour", "ip"), *limit("1 per hour", "application"), *limit("9 per hour", "prefix")]
    at = address(INDEX_KEY, "app", TO, "login")
    own = rules("to", "s", parse_limits("9 per hour"), at)
    desk.start(rules=[*own, *many])
    before = everything(redis)
    for _ in range(3):
        with pytest.raises(Refusal, match="limit of this application"):
            desk.start(rules=[*own, *many])
        with pytest.raises(Refusal):
            desk.start(OTHER, rules=many)
    assert everything(redis) == before


def test_zero_refuses_everything(desk: Desk) -> None:
    """`0 per hour` lets nothing through, now or ever."""
    never = limit("0 per hour")
    for _ in range(3):
        assert desk.reserve(never) == HOUR
        desk.now += 2 * HOUR


def test_a_price_above_the_ceiling_is_refused(desk: Desk) -> None:
    """What alone costs more than the ceiling is never sent; what costs nothing is not stopped by money."""
    assert desk.reserve([rule(100, DAY, "m", 101)]) == DAY
    assert desk.reserve([rule(0, DAY, "m", 1)]) == DAY
    assert desk.reserve([rule(0, DAY, "m", 0)]) == 0
    assert desk.reserve([rule(100, DAY, "m", 100)]) == 0


@pytest.mark.parametrize("kind", ["e", "c"])
def test_a_clock_that_goes_back_gives_nothing_away(desk: Desk, kind: str) -> None:
    """After a failover to a slower clock the limit still counts what was sent in its future."""
    one = rule(3, MINUTE, kind)
    assert [desk.reserve([one]) for _ in range(3)] == [0, 0, 0]
    desk.now -= 10 * MINUTE
    assert desk.reserve([one]) > 0


def test_a_clock_that_went_back_leaves_no_counter_behind(desk: Desk) -> None:
    """What was sent while the clock was behind ends with the period, too."""
    one = rule(100, HOUR, "c")
    assert [desk.reserve([one]) for _ in range(50)] == [0] * 50
    desk.now -= 30 * MINUTE
    assert [desk.reserve([one]) for _ in range(50)] == [0] * 50
    desk.now += 30 * MINUTE
    assert desk.reserve([one]) > 0
    desk.now += 61 * MINUTE
    assert [desk.reserve([one]) for _ in range(100)] == [0] * 100
    assert desk.reserve([one]) > 0


@pytest.mark.parametrize("kind", ["e", "c"])
def test_a_long_silence_forgets_everything(desk: Desk, kind: str) -> None:
    """Long after the period the whole amount is there again."""
    one = rule(5, HOUR, kind)
    assert [desk.reserve([one]) for _ in range(5)] == [0] * 5
    desk.now += 1000 * DAY
    assert [desk.reserve([one]) for _ in range(5)] == [0] * 5
    assert desk.reserve([one]) > 0


def test_a_tightened_limit_holds_at_once(desk: Desk) -> None:
    """What was sent under the larger amount counts under the smaller one; a raised one gives only the difference."""
    assert [desk.reserve([rule(10, HOUR, "e")]) for _ in range(6)] == [0] * 6
    assert desk.reserve([rule(4, HOUR, "e")]) == HOUR
    assert [desk.reserve([rule(8, HOUR, "e")]) > 0 for _ in range(3)] == [False, False, True]


def test_of_two_alike_the_smaller_holds() -> None:
    """A period that is limited twice is limited by the smaller amount."""
    (one,) = limit("9 per hour; 5 per hour; 7 per 60 minutes")
    assert one.amount == 5


@pytest.mark.parametrize(("scope", "value"), [("ip", "v"), ("application", "w")])
def test_scopes_and_values_count_apart(desk: Desk, scope: str, value: str) -> None:
    """A limit of another scope or another value is untouched."""
    assert desk.reserve(limit("1 per hour", "application", "v")) == 0
    assert desk.reserve(limit("1 per hour", scope, value)) == 0


def test_looking_changes_nothing(desk: Desk, redis: RedisServer) -> None:
    """What is left and the wait can be read without a trace, and started again by an admin."""
    found = [*limit("2 per hour"), *limit("100 per hour", "ip"), rule(500, DAY, "m", 200)]
    desk.reserve(found)
    before = everything(redis)
    counts = peek(desk.link, found, now=str(desk.now))
    assert [(count.left, count.wait_ms) for count in counts] == [(1, 0), (99, 0), (300, 0)]
    assert everything(redis) == before
    desk.reserve(found)
    assert [count.wait_ms > 0 for count in peek(desk.link, found, now=str(desk.now))] == [True, False, True]
    reset(desk.link, found)
    assert desk.reserve(found) == 0


@pytest.mark.parametrize("kind", ["e", "c"])
def test_what_is_handed_back_may_be_sent_again(desk: Desk, redis: RedisServer, kind: str) -> None:
    """One of several sends is handed back alone, and the limit ends when it would have ended."""
    one, marks = rule(3, HOUR, kind), []
    for _ in range(3):
        desk.now += 5 * MINUTE
        marks.append(desk.link.call(SCRIPTS["reserve"], [one.key], [desk.now, 1, *one.args])[1])
    with redis.client() as client:
        client.pexpire(one.key, DAY)
        desk.link.call(SCRIPTS["hand_back"], [one.key], [1, *one.args, marks[1]])
        assert client.pttl(one.key) > HOUR
    assert [count.left for count in peek(desk.link, [one], now=str(desk.now))] == [1]
    assert desk.reserve([one]) == 0
    assert 49 * MINUTE < desk.reserve([one]) <= 51 * MINUTE  # until the first is an hour old, within a slot


def test_a_limit_of_which_all_is_handed_back_leaves_nothing(desk: Desk, redis: RedisServer) -> None:
    """Where every send was handed back there is no key any more; what was never taken can't be handed back."""
    one = rule(3, HOUR, "e")
    taken, mark = desk.link.call(SCRIPTS["reserve"], [one.key], [desk.now, 1, *one.args])
    assert taken == "done"
    desk.link.call(SCRIPTS["hand_back"], [one.key], [1, *one.args, str(T0 + DAY)])
    assert [count.left for count in peek(desk.link, [one], now=str(desk.now))] == [2]
    desk.link.call(SCRIPTS["hand_back"], [one.key], [1, *one.args, mark])
    assert everything(redis) == {}


def test_every_counter_is_collected_in_the_end(desk: Desk, redis: RedisServer) -> None:
    """Each limit's key has a time to live of about its period."""
    found: Sequence[Rule] = [*limit("2 per hour"), *limit("100 per hour", "ip"), rule(500, DAY, "m", 200)]
    desk.reserve(found)
    with redis.client() as client:
        lives = [client.pttl(one.key) / one.period_ms for one in found]
    assert all(0.9 < life < 1.1 for life in lives)
