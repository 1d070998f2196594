"""The brake on an operator's prefix: when it is watched, when it is put into quarantine, and how that ends."""

import pytest

from otp_service.store import fraud
from otp_service.store.connect import connect
from otp_service.store.fraud_states import lift, quarantined
from tests.servers import RedisServer
from tests.store.counter import HOUR, KEY, MINUTE, PATIENT, PAUSE, PRICE, REALM, SECOND, Counter, other


@pytest.fixture
def counter(redis: RedisServer) -> Counter:
    """An application that nothing is known of."""
    return Counter(connect(redis.url), PATIENT)


def test_dead_sends_put_a_prefix_into_quarantine(counter: Counter) -> None:
    """About ten sends that nobody answers raise the alarm; then the prefix gets nothing for an hour, solved or not."""
    counter.with_(alarm=10.0, growth=0.0, memory=0.0)
    sent = counter.decisions(12, solved=True)
    assert sent == ["allow"] * 10 + ["deny"] * 2
    (held,) = quarantined(counter.link, REALM, counter.now)
    assert (held.prefix, held.country) == ("+4179", "CH")
    assert 50 * MINUTE < held.until_ms - counter.now <= HOUR


def test_a_quarantine_is_told_when_it_begins(counter: Counter) -> None:
    """The send that raises the alarm says so, and for how long."""
    counter.with_(alarm=2.0, growth=0.0, memory=0.0)
    counter.now += PAUSE
    told = []
    for _ in range(4):
        told.append(counter.send(other()).quarantined_ms)
        counter.now += PAUSE
    assert [each for each in told if each] == [HOUR]


def test_a_second_quarantine_lasts_twice_as_long(counter: Counter) -> None:
    """Each quarantine that follows within a day of the last is twice as long, up to a day."""
    counter.with_(alarm=2.0, growth=0.0, memory=0.0)
    lasting = []
    while len(lasting) < 7:
        decided = counter.send(other())
        lasting += [decided.quarantined_ms // HOUR] if decided.quarantined_ms else []
        counter.now += (decided.quarantined_ms or 0) + PAUSE
    assert lasting == [1, 2, 4, 8, 16, 24, 24]


def test_a_few_probes_pass_a_quarantine_and_typed_ones_end_it(counter: Counter) -> None:
    """One send in a hundred, by the caller's draw, looks whether the prefix is well again."""
    counter.with_(alarm=4.0, growth=0.0, memory=0.0, probe_share=0.01)
    counter.decisions(8)
    assert quarantined(counter.link, REALM, counter.now)
    assert counter.send(other(), draw=0.02).decision == "deny"

    probe = counter.send(other(), draw=0.005)
    assert probe.decision == "allow"
    counter.types(probe)
    counter.types(counter.send(other(), draw=0.005))

    assert not quarantined(counter.link, REALM, counter.now)
    assert counter.send(other()).decision == "allow"


def test_an_outage_of_a_proven_prefix_is_no_attack(counter: Counter) -> None:
    """Where nobody types although many should have, what the usual people send is no evidence: nobody is even asked."""
    counter.with_(alarm=10.0)
    for _ in range(60):
        counter.now += 10 * SECOND
        counter.types(counter.send(other()), after_ms=0)
    found = counter.decisions(40, pause_ms=20 * SECOND)
    assert found == ["allow"] * 40
    assert not quarantined(counter.link, REALM, counter.now)


def test_an_outage_leaves_nothing_behind(counter: Counter) -> None:
    """With the first code that is typed again, what the outage explains is written off."""
    for _ in range(60):
        counter.now += 10 * SECOND
        counter.types(counter.send(other()), after_ms=0)
    counter.decisions(40, pause_ms=30 * SECOND)
    before = counter.prefix()
    counter.types(counter.send(other()))
    assert (before.score or 0) > 40
    assert (counter.prefix().score, counter.prefix().owed_micros) == (0, 0)


def test_a_raid_is_no_outage(counter: Counter) -> None:
    """Where others go on typing, or there are far more sends than the usual people make, the prefix is shut."""
    counter.with_(alarm=10.0, growth=0.0, memory=0.0)
    for _ in range(60):
        counter.now += 10 * SECOND
        counter.types(counter.send(other()), after_ms=0)
    counter.decisions(300, pause_ms=SECOND * 2, solved=True)
    assert quarantined(counter.link, REALM, counter.now)


def test_a_launch_that_is_over_excuses_no_raid(counter: Counter) -> None:
    """A pause in which nobody asks is no outage: hours later hundreds of typed codes explain nothing."""
    counter.with_(alarm=10.0, growth=0.0, memory=0.0)
    for _ in range(200):
        counter.now += 3 * SECOND
        counter.types(counter.send(other()), after_ms=0)
    counter.now += 5 * HOUR
    counter.decisions(20, pause_ms=MINUTE)
    assert quarantined(counter.link, REALM, counter.now)


def test_phones_of_ones_own_excuse_no_raid(counter: Counter) -> None:
    """Who types many codes on one phone and then sends to others is not taken for an outage."""
    counter.with_(alarm=10.0, growth=0.0, memory=0.0)
    phone = other()
    for _ in range(60):
        counter.now += 10 * SECOND
        counter.types(counter.send(phone), after_ms=0)
    counter.decisions(20, pause_ms=MINUTE)
    assert quarantined(counter.link, REALM, counter.now)


def test_a_few_phones_earn_no_room(counter: Counter) -> None:
    """Codes that are typed on one phone over and over prove its prefix, and pay for nobody else."""
    phone = other()
    for _ in range(10):
        counter.now += MINUTE
        counter.types(counter.send(phone))
    assert (counter.prefix().codes, counter.prefix().score) == (pytest.approx(10, abs=0.1), 0)
    assert counter.prefix().room_micros < 2 * PRICE


def test_what_is_dear_is_asked_from_the_first_send_on(counter: Counter) -> None:
    """An unproven prefix at many times the price of the codes that are typed is asked at once; a usual one is not."""
    for _ in range(30):
        counter.now += MINUTE
        counter.types(counter.send(other()))
    usual = fraud.brake(KEY, REALM, "+67670000001", "TO", None, counter.thresholds, 2 * PRICE, 0.9)
    assert fraud.decide(counter.link, usual, now=str(counter.now)).decision == "allow"
    dear = fraud.brake(KEY, REALM, "+67570000001", "PG", None, counter.thresholds, 4 * PRICE, 0.9)
    assert fraud.decide(counter.link, dear, now=str(counter.now)).decision == "challenge"


def test_typed_codes_end_the_first_watch_and_no_later_one(counter: Counter) -> None:
    """After an outage nobody is asked any longer than it lasts; a raid that comes again is watched to the end."""
    counter.with_(alarm=3.0)

    def watched() -> list[str]:
        for _ in range(30):
            counter.now += 2 * MINUTE
            counter.types(counter.send(other(), solved=True), after_ms=0)
        counter.decisions(8, pause_ms=30 * SECOND, solved=True)
        before = counter.send(other()).decision
        for _ in range(12):
            counter.types(counter.send(other(), solved=True), after_ms=0)
        return [before, counter.send(other()).decision]

    assert watched() == ["challenge", "allow"]
    assert watched() == ["challenge", "challenge"]


def test_a_burst_is_no_alarm_before_its_answers_can_come(counter: Counter) -> None:
    """A launch's first hundred sends in one minute raise no alarm, and its codes then pay for them."""
    counter.with_(alarm=10.0, growth=0.0, memory=0.0)
    sent = [counter.send(other()) for _ in range(100)]
    assert {each.decision for each in sent} == {"allow"}
    for each in sent[:75]:
        counter.types(each, after_ms=300)
    assert counter.decisions(10) == ["allow"] * 10


def test_a_known_number_passes_what_others_have_done(counter: Counter) -> None:
    """A number whose code was typed before gets codes in quarantine; when it owes some itself it is as any other."""
    counter.with_(alarm=3.0, growth=0.0, memory=0.0, known_may_owe=2.0)
    known = other()
    counter.types(counter.send(known))
    counter.decisions(9)
    assert counter.send(other()).decision == "deny"
    assert [counter.send(known).decision for _ in range(3)] == ["allow", "allow", "deny"]


def test_numbers_in_a_row_are_asked(counter: Counter) -> None:
    """Four numbers close to each other are a sequence; who tries again is none, and a typed code ends it."""
    counter.with_(run_weak=4)
    near = [counter.send(f"+4179555100{digit}") for digit in range(4)]
    assert [each.decision for each in near] == ["allow"] * 3 + ["challenge"]
    assert near[3].reasons[0][:2] == ("block", "sequence")
    counter.types(near[0])
    assert counter.send("+41795551004").decision == "allow"
    assert [counter.send("+41796661000").decision for _ in range(6)] == ["allow"] * 6


def test_a_lifted_prefix_gets_codes_again(counter: Counter) -> None:
    """An admin ends a quarantine before its time, once."""
    counter.with_(alarm=3.0, growth=0.0, memory=0.0)
    counter.decisions(6)
    assert counter.send(other()).decision == "deny"
    assert lift(counter.link, KEY, REALM, "+4179", "CH", now=str(counter.now))
    assert not lift(counter.link, KEY, REALM, "+4179", "CH", now=str(counter.now))
    assert (counter.send(other()).decision, quarantined(counter.link, REALM, counter.now)) == ("allow", [])
