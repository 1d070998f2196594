"""What an admin reads of the brake counts as it does for the next send, and what is forgiven counts no more."""

import pytest

from otp_service.domain.fraud.scopes import operator_prefix, scopes_of
from otp_service.store.connect import connect
from otp_service.store.fraud_states import State, forgive, quarantined
from tests.keyspace import everything
from tests.servers import RedisServer
from tests.store.counter import DAY, HOUR, KEY, MINUTE, PATIENT, PAUSE, PRICE, REALM, Counter, other

IP, NUMBER = "192.0.2.1", "+41790001111"
SCOPES = ("number", "block", "prefix", "country", "application", "network")
# What refuses or asks alone -> its scope, and the thresholds under which it does.
HELD = {
    "a number": ("number", {"number_strong": 2.0}),
    "a block": ("block", {"block_strong": 2.0}),
    "numbers in a row": ("block", {"run_weak": 2}),
    "a prefix that is asked": ("prefix", {"prefix_weak": 2.0}),
    "a prefix in quarantine": ("prefix", {"alarm": 2.0, "growth": 0.0, "memory": 0.0}),
    "a prefix that is watched": ("prefix", {"alarm": 2.0, "memory": 10.0}),
    "a country": ("country", {"country_strong": 2.0}),
    "an application": ("application", {"application_strong": 2.0}),
    "a network": ("network", {"network_strong": 2.0}),
}


@pytest.fixture
def counter(redis: RedisServer) -> Counter:
    """An application that nothing is known of."""
    return Counter(connect(redis.url), PATIENT)


def forgiven(counter: Counter, scope: str) -> bool:
    scopes = scopes_of(KEY, REALM, NUMBER, "CH", IP)
    return forgive(counter.link, REALM, scopes, scope, f"{operator_prefix(NUMBER)} CH")


def charged(counter: Counter) -> Counter:
    """A code that was typed elsewhere on the prefix, and four sends that were not, each a while ago."""
    counter.types(counter.send(other(), IP))
    for to in (NUMBER, f"{NUMBER[:-1]}2") * 2:
        counter.now += PAUSE
        counter.send(to, IP, lets=True)
    counter.now += PAUSE
    return counter


@pytest.mark.parametrize(("scope", "thresholds"), HELD.values(), ids=HELD)
def test_what_is_forgiven_gets_codes_again(counter: Counter, scope: str, thresholds: dict[str, float]) -> None:
    """Whatever a scope refuses or asks for, it does no more once that scope is forgiven, and not before."""
    charged(counter.with_(**thresholds))
    for each in SCOPES:
        assert each == scope or forgiven(counter, each)
    assert counter.send(NUMBER, IP, dry=True).decision != "allow"
    assert forgiven(counter, scope)
    assert counter.send(NUMBER, IP, dry=True).decision == "allow"
    assert quarantined(counter.link, REALM, counter.now) == []


@pytest.mark.parametrize("scope", SCOPES)
def test_forgiving_takes_the_debt_of_one_scope_alone(counter: Counter, scope: str) -> None:
    """What typed codes have earned stays, and so does what every other scope owes; a repeat changes nothing."""
    before = charged(counter).states(NUMBER, IP)
    assert forgiven(counter, scope)
    after = counter.states(NUMBER, IP)
    assert before[scope].owed_micros > after[scope].owed_micros == after[scope].young_micros == 0
    assert (after[scope].room_micros, after[scope].codes) == (before[scope].room_micros, before[scope].codes)
    assert after[scope].is_clear
    assert {each: after[each] for each in SCOPES if each != scope} == {
        each: before[each] for each in SCOPES if each != scope
    }
    assert forgiven(counter, scope)
    assert counter.states(NUMBER, IP) == after


def test_young_debt_is_forgiven_too(counter: Counter) -> None:
    """What nobody could have typed yet counts no more either."""
    counter.send(NUMBER, IP)
    assert counter.states(NUMBER)["number"].young_micros == PRICE
    forgiven(counter, "number")
    counter.now += PAUSE
    assert counter.states(NUMBER)["number"].owed_micros == 0


def test_what_was_never_charged_has_nothing_to_forgive(counter: Counter, redis: RedisServer) -> None:
    """Forgiving a scope that has no state leaves nothing behind."""
    before = everything(redis)
    assert not any(forgiven(counter, scope) for scope in SCOPES)
    assert everything(redis) == before


def test_a_forgiven_scope_is_forgotten_when_it_would_have_been(counter: Counter, redis: RedisServer) -> None:
    """Forgiving keeps the time to live of each state."""
    charged(counter)
    for scope in SCOPES:
        forgiven(counter, scope)
    with redis.client() as client:
        assert all(client.pttl(key) > 0 for key in client.scan_iter("{f:*"))


def test_debts_are_read_as_the_next_send_finds_them(counter: Counter, redis: RedisServer) -> None:
    """Hours later what is read is what the brake gives as its evidence, and reading writes nothing."""
    charged(counter)
    counter.now += 7 * HOUR
    counter.with_(**{f"{scope}_weak": 0.0 for scope in SCOPES})
    before = everything(redis)
    states = counter.states(NUMBER, IP)
    assert {reason.scope: reason.has for reason in counter.send(NUMBER, IP, dry=True).reasons} == {
        scope: state.owed_micros for scope, state in states.items()
    }
    assert everything(redis) == before


def test_debts_fade_until_nothing_is_owed(counter: Counter) -> None:
    """A number's debt shrinks by its refill, at the price of who asks, and is never less than nothing."""
    counter.with_(number_refill_per_day=2.0)
    counter.send(NUMBER)
    owed = []
    for _ in range(4):
        owed.append(counter.states(NUMBER)["number"].owed_micros)
        counter.now += 4 * HOUR
    assert owed == [PRICE, pytest.approx(PRICE * 2 / 3, abs=1), pytest.approx(PRICE / 3, abs=1), 0]


def test_debt_grows_old_while_nobody_asks(counter: Counter) -> None:
    """What is too young to be missed is so no longer once its time is over, whether anything was sent since or not."""
    counter.send(NUMBER)
    assert counter.states(NUMBER)["number"].young_micros == PRICE
    counter.now += 2 * MINUTE
    assert counter.states(NUMBER)["number"].young_micros == 0


def test_room_and_codes_are_read_as_they_fade(counter: Counter) -> None:
    """What typed codes have earned and how many there were shrinks while nobody asks."""
    counter.types(counter.send(other()))
    fresh = counter.prefix()
    counter.now += counter.thresholds.growth_s * 1000
    assert counter.prefix().room_micros == pytest.approx(fresh.room_micros / 2.71828, rel=0.01)
    counter.now += counter.thresholds.memory_s * 1000
    assert counter.prefix().codes == pytest.approx(1 / 2.71828, rel=0.03)


def test_a_number_is_known_for_its_time(counter: Counter) -> None:
    """A number whose code was typed reads as known until `known_s` is over."""
    counter.with_(known_s=DAY // 1000)
    counter.types(counter.send(NUMBER), after_ms=0)
    counter.now += DAY - 1
    assert counter.states(NUMBER)["number"].codes == 1
    counter.now += 1
    assert counter.states(NUMBER)["number"].codes == 0


def test_a_quarantine_that_is_over_is_none(counter: Counter) -> None:
    """After its end a quarantine is told no more, and of the score half the alarm is left."""
    counter.with_(alarm=4.0, growth=0.0, memory=0.0)
    counter.decisions(6)
    held = counter.prefix()
    assert held.quarantined_until_ms
    counter.now = held.quarantined_until_ms - 1
    assert counter.prefix().quarantined_until_ms == held.quarantined_until_ms
    counter.now += 1
    assert (counter.prefix().quarantined_until_ms, counter.prefix().score) == (None, 2.0)


def test_what_is_read_says_when_it_was_written(counter: Counter) -> None:
    """A state tells when it was last charged, however much later it is read."""
    counter.send(NUMBER)
    at = counter.now
    counter.now += DAY
    written: State = counter.states(NUMBER)["prefix"]
    assert written.at_ms == at
