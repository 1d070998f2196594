"""How long the brake would still say so: what its evidence tells an admin, and nobody else."""

import pytest

from otp_service.domain.fraud.reasons import Reason
from otp_service.store.connect import connect
from otp_service.store.fraud import Decided
from tests.servers import RedisServer
from tests.store.counter import DAY, HOUR, MINUTE, PATIENT, PAUSE, SECOND, Counter, other

IP, NUMBER = "192.0.2.1", "+41797771111"
# What refuses or asks alone -> the thresholds under which it does, and the numbers that are sent to before.
ALONE = {
    "a number": ({"number_strong": 2.0}, [NUMBER] * 2),
    "a block": ({"block_strong": 2.0}, [NUMBER[:-1] + last for last in "12"]),
    "a prefix that is asked": ({"prefix_weak": 2.0}, [other() for _ in range(2)]),
    "a country": ({"country_strong": 2.0}, [other() for _ in range(2)]),
    "an application": ({"application_strong": 2.0}, [other() for _ in range(2)]),
    "a network": ({"network_strong": 2.0}, [other() for _ in range(2)]),
    "a prefix under pressure": ({"application_pressed": 1.0, "pressed_may_owe": 1.5}, [other() for _ in range(2)]),
}


@pytest.fixture
def counter(redis: RedisServer) -> Counter:
    """An application that nothing is known of."""
    return Counter(connect(redis.url), PATIENT)


def wait(decided: Decided) -> int:
    """In what time all is over that decided."""
    level = 2 if decided.decision == "deny" else 1
    waits = [each.wait_ms for each in decided.reasons if each.level == level]
    return max(waits) if all(waits) else 0


def dry(counter: Counter, after_ms: int) -> str:
    """What would be said to the number so much later; nothing is sent."""
    before, counter.now = counter.now, counter.now + after_ms
    decided = counter.send(NUMBER, IP, dry=True)
    counter.now = before
    return decided.decision


@pytest.mark.parametrize(("thresholds", "before"), ALONE.values(), ids=ALONE)
def test_a_reason_tells_when_it_is_over(counter: Counter, thresholds: dict[str, float], before: list[str]) -> None:
    """Who waits as long as the evidence says gets through, if nobody asks meanwhile, and a quarter earlier does not."""
    for each in before:
        assert counter.with_().send(each, IP).sent
    counter.now += PAUSE
    counter.with_(**thresholds)
    refused = counter.send(NUMBER, IP)
    assert refused.decision != "allow"
    assert HOUR < wait(refused) < 2 * DAY
    assert dry(counter, wait(refused) * 3 // 4) == refused.decision
    assert dry(counter, wait(refused) + SECOND) != refused.decision


def test_a_quarantine_tells_when_it_ends(counter: Counter) -> None:
    """Of a prefix in quarantine the evidence tells until when."""
    counter.with_(alarm=2.0, growth=0.0, memory=0.0)
    while counter.send(other()).sent:
        counter.now += PAUSE
    refused = counter.send(NUMBER)
    assert [reason[:2] for reason in refused.reasons] == [("prefix", "quarantine")]
    assert 50 * MINUTE < wait(refused) <= HOUR
    assert (dry(counter, wait(refused) - SECOND), dry(counter, wait(refused))) == ("deny", "allow")


def test_what_no_time_mends_tells_none(counter: Counter) -> None:
    """A threshold that not one send is within says no time."""
    refused = counter.with_(block_strong=0.0).send(NUMBER)
    assert refused.reasons == (Reason("block", "dead", 2, 0, 0, 0),)
