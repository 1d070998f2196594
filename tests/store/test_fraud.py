"""The brake in Redis: sends owe, typed codes pay, and what follows for the next send."""

import re
from importlib.resources import files

import pytest

from otp_service.store import fraud
from otp_service.store.connect import connect
from tests.keyspace import everything
from tests.servers import RedisServer
from tests.store.counter import DAY, HOUR, KEY, PATIENT, PAUSE, PRICE, REALM, T0, Counter, other


@pytest.fixture
def counter(redis: RedisServer) -> Counter:
    """An application that nothing is known of."""
    return Counter(connect(redis.url), PATIENT)


def test_the_bounds_are_in_the_order_of_the_script() -> None:
    """What Python hands over is as many figures as the script has names for."""
    source = (files("otp_service.store") / "lua" / "fraud.lua").read_text()
    names = re.findall(r"'(\w+)'", source[source.index("local BOUNDS") : source.index("local function numbers")])
    figures = fraud.bounds(PATIENT, PRICE).split(" ")
    assert len(figures) == len(names)
    told = dict(zip(names, figures, strict=True))
    assert (told["price"], told["answer"], told["known_ms"]) == (str(PRICE), "60000", str(90 * DAY))
    assert (told["alarm"], told["score"], told["watch"]) == ("1000000", "115", "1800000")


def test_what_is_free_counts_as_something(counter: Counter) -> None:
    """Where a message costs nothing a send is charged the least price, so that the brake works there too."""
    free = fraud.brake(KEY, REALM, other(), "CH", None, counter.thresholds, 0, 0.9)
    fraud.decide(counter.link, free, now=str(T0))
    assert counter.prefix().owed_micros == counter.thresholds.least_price_micros


def test_a_typed_code_pays_for_almost_three(counter: Counter) -> None:
    """A code repays its price over the least conversion; what is left over the debt is room."""
    counter.with_(prefix_refill_per_day=0.0)
    sent = [counter.send(other()) for _ in range(3)]
    assert counter.prefix().owed_micros == 3 * PRICE

    counter.types(sent[0], after_ms=0)
    assert counter.prefix().owed_micros == 3 * PRICE - round(PRICE / 0.35)
    counter.types(sent[1], after_ms=0)

    assert (counter.prefix().owed_micros, counter.prefix().codes) == (0, 2.0)
    assert counter.prefix().room_micros == 2 * round(PRICE / 0.35) - 3 * PRICE


def test_a_code_pays_once(counter: Counter) -> None:
    """The same entry repays once, whoever hands it in, and an older one of its cell never again."""
    sent = [counter.send(other()) for _ in range(9)]
    assert fraud.repay(counter.link, sent[0].tab, 0, "5-1", now=str(T0))
    owed = counter.prefix().owed_micros
    assert not fraud.repay(counter.link, sent[0].tab, 0, "5-1", now=str(T0))
    assert not fraud.repay(counter.link, sent[0].tab, 0, "4-9", now=str(T0))
    assert counter.prefix().owed_micros == owed
    assert fraud.repay(counter.link, sent[0].tab, 1, "5-1", now=str(T0))
    assert fraud.repay(counter.link, sent[1].tab, 0, "5-2", now=str(T0))


def test_sends_of_one_verification_are_repaid_together(counter: Counter) -> None:
    """Whoever types the code after three sends owes nothing any more, in whichever network each was asked for."""
    first, second = other(), other()
    counter.send(second)
    tabs = [counter.send(first, ip).tab for ip in ("192.0.2.1", "192.0.2.1", "198.51.100.1")]
    assert fraud.repay(counter.link, "\n".join(tabs), 0, "1-0", now=str(T0))
    assert counter.prefix().owed_micros == 0
    for ip in ("192.0.2.1", "198.51.100.1"):
        assert counter.states(first, ip)["network"].owed_micros == 0


def test_debt_is_forgiven_slowly(counter: Counter) -> None:
    """A scope's debt shrinks by its refill."""
    counter.with_(prefix_refill_per_day=24.0)
    counter.decisions(10, pause_ms=0)
    counter.now += 5 * HOUR
    counter.send(other())
    assert counter.prefix().owed_micros == pytest.approx(6 * PRICE, abs=1)


def test_room_is_forgotten_within_hours(counter: Counter) -> None:
    """What codes have earned decays by its time constant."""
    counter.types(counter.send(other()))
    room = counter.prefix().room_micros
    counter.now += counter.thresholds.growth_s * 1000
    counter.send(other())
    assert counter.prefix().room_micros == pytest.approx(room / 2.71828, rel=0.01)


def test_young_debt_asks_and_old_debt_refuses(counter: Counter) -> None:
    """What nobody could have typed yet is weak evidence; what nobody typed in time is strong, whoever solved what."""
    counter.with_(network_weak=3.0, network_strong=5.0)
    ip = "192.0.2.1"
    assert counter.decisions(5, pause_ms=0, ip=ip) == ["allow"] * 3 + ["challenge"] * 2
    assert counter.decisions(20, pause_ms=0, ip=ip, solved=True) == ["allow"] * 20
    counter.now += PAUSE
    assert counter.decisions(2, pause_ms=0, ip=ip, solved=True) == ["deny"] * 2


def test_a_solution_changes_nothing_but_the_answer(counter: Counter) -> None:
    """A send that was asked for a challenge is charged like any other once it goes out."""
    counter.with_(prefix_weak=0.0)
    assert counter.send(other()).sent is False
    solved = counter.send(other(), solved=True)
    assert (solved.decision, solved.sent, counter.prefix().owed_micros) == ("allow", True, PRICE)


def test_where_nothing_can_be_asked_weak_evidence_lets_pass(counter: Counter) -> None:
    """Without challenges only strong evidence refuses."""
    counter.with_(prefix_weak=0.0, block_strong=0.0)
    counter.challenges = False
    assert counter.send(other()).decision == "deny"
    counter.with_(prefix_weak=0.0)
    assert counter.send(other()).decision == "allow"


def test_a_refusal_changes_nothing(counter: Counter, redis: RedisServer) -> None:
    """Neither a challenge nor a denial nor a dry question leaves a byte behind."""
    counter.with_(prefix_weak=1.0)
    counter.send("+41790001111")
    before = everything(redis)
    assert counter.send("+41790001112").decision == "challenge"
    counter.with_(block_strong=0.0)
    assert counter.send("+41790001112").decision == "deny"
    counter.with_()
    dry = fraud.decide(counter.link, counter.brake("+41790001112"), now=str(counter.now), dry=True)
    assert (dry.decision, dry.tab) == ("allow", "")
    assert everything(redis) == before


def test_what_is_only_watched_goes_out_and_owes(counter: Counter) -> None:
    """In shadow mode a send that would be refused goes out, and is charged."""
    counter.with_(block_strong=0.0)
    decided = counter.send(other(), lets=True)
    assert (decided.decision, decided.sent, counter.prefix().owed_micros) == ("deny", True, PRICE)


def test_reasons_come_with_their_evidence_strongest_first(counter: Counter) -> None:
    """A decision tells every rule that spoke, what was owed and what might be."""
    counter.with_(prefix_weak=1.0, block_strong=1.0)
    counter.send("+41797771111")
    counter.now += PAUSE
    decided = counter.send("+41797772222")
    assert decided.decision == "deny"
    assert [tuple(reason)[:3] for reason in decided.reasons] == [("block", "dead", 2), ("prefix", "owed", 1)]
    assert 0 < decided.reasons[0].has <= decided.reasons[0].may == PRICE


def test_a_charge_is_taken_back_whole(counter: Counter, redis: RedisServer) -> None:
    """A send that did not go out after all owes nothing."""
    counter.send("+41791112222", "192.0.2.1")
    before = list(everything(redis))
    owed = counter.prefix().owed_micros, counter.prefix().score
    brake = counter.brake("+41791112222", "192.0.2.1")
    decided = fraud.decide(counter.link, brake, now=str(counter.now))
    fraud.refund(counter.link, brake, fraud.Charged(decided.tab))
    assert (counter.prefix().owed_micros, counter.prefix().score) == owed
    assert list(everything(redis)) == before


def test_every_state_is_forgotten_some_day(counter: Counter, redis: RedisServer) -> None:
    """Whatever the brake writes has a time to live."""
    counter.with_(alarm=1.0)
    counter.types(counter.send(other(), "192.0.2.1"))
    counter.decisions(9)
    with redis.client() as client:
        names = list(client.scan_iter("*"))
        assert {client.pttl(name) > HOUR for name in names} == {True}
        assert len({name.partition("}")[0] for name in names}) == 1


def test_who_owes_nothing_any_more_is_forgotten_within_the_day(counter: Counter, redis: RedisServer) -> None:
    """Number, block and network are kept as long as they may owe or have room; what remembers codes is kept longer."""
    counter.send("+41791112222", "192.0.2.1")
    with redis.client() as client:
        left = {name.split(":")[2]: client.pttl(name) for name in client.scan_iter("{f:*")}
        assert {letter for letter, ms in left.items() if 11 * HOUR < ms <= DAY} == set("nbw")
        assert {letter for letter, ms in left.items() if 6 * DAY < ms <= 7 * DAY} == set("pca")
        counter.types(counter.send("+41791112222", "192.0.2.1"))
        (number,) = client.scan_iter("{f:*}:n:*")
        assert client.pttl(number) > 89 * DAY


def test_what_all_attacks_owe_refuses_nobody_where_codes_are_typed(counter: Counter) -> None:
    """Dead sends over many countries shut those where nobody ever typed; where somebody did, strangers are asked."""
    counter.with_(application_strong=3.0, proven_after=5.0)
    counter.types(counter.send("+41791112222"))

    def send(to: str, country: str) -> str:
        counter.now += PAUSE
        brake = fraud.brake(KEY, REALM, to, country, None, counter.thresholds, PRICE, 0.9)
        return fraud.decide(counter.link, brake, now=str(counter.now)).decision

    assert [send(f"+6767{digit}00000", "TO") for digit in range(4)] == ["allow", "allow", "allow", "deny"]
    assert (send("+67570000001", "PG"), send("+41761112222", "CH")) == ("deny", "challenge")
