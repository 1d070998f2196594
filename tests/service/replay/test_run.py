"""Replays: the scripts of production by the clock of a trace, and how well the brake holds on traffic made up."""

import random
from collections.abc import Iterator

import pytest

from otp_service.domain.policy import Policy
from otp_service.domain.replay.scoring import Score, Verdict
from otp_service.domain.replay.trace import Row
from otp_service.domain.replay.traffic.adaptive import Interactive, Mover
from otp_service.domain.replay.traffic.mix import Plan, traffic
from otp_service.domain.replay.traffic.unseen import UNSEEN
from otp_service.service.replay.judge import BRAKE_ALONE, Bench
from otp_service.service.replay.run import MEASURED_EVERY, Replay, percentile
from otp_service.store.batches import Batches, batches
from otp_service.store.memory import client
from otp_service.store.scripts import SCRIPTS
from tests.servers import RedisServer

HOUR_MS = 3_600_000


@pytest.fixture
def calls(redis: RedisServer) -> Iterator[Batches]:
    """Calls in flight at a Redis of the test's own."""
    found = batches(redis.url, [SCRIPTS["decide"], SCRIPTS["repay"]])
    yield found
    found.close()


def verdicts(
    calls: Batches, rows: list[Row], policy: Policy = BRAKE_ALONE, most: int = 256, realm: str = "r"
) -> list[Verdict]:
    return [each.verdict for each in Replay(calls, Bench(policy, realm), most).run(rows)]


def scored(calls: Batches, rows: list[Row]) -> Score:
    score = Score()
    for each in Replay(calls, Bench(BRAKE_ALONE)).run(rows):
        score.add(each.row, each.verdict)
    return score


def dead(count: int, every_ms: int = 200_000, **more: object) -> list[Row]:
    """Requests to one operator, minutes apart, that nobody types in."""
    return [
        Row(place * every_ms, f"+4179{1_000_003 * place % 10_000_000:07d}", "", "", "", 50_000, None, True, "attack:x")
        for place in range(count)
    ]


def test_verdicts_are_the_same_however_many_calls_are_in_flight(calls: Batches) -> None:
    """A conversion is paid back before the first row that is not earlier than it, whatever is sent together."""
    rows = traffic(random.Random(5), Plan(rows=1500, hours=2))

    assert verdicts(calls, rows, realm="a") == verdicts(calls, rows, most=1, realm="b")


def test_the_label_changes_nothing(calls: Batches) -> None:
    """Labels are for scoring; the engine does not see them."""
    rows = traffic(random.Random(6), Plan(rows=800, hours=2))
    swapped = [row._replace(label="legit" if row.attack else "attack:x") for row in rows]

    assert verdicts(calls, rows, realm="a") == verdicts(calls, swapped, realm="b")


def test_codes_that_are_typed_in_earn_room(calls: Batches) -> None:
    """The same requests that are stopped when nobody types their codes in all pass when somebody does."""
    rows = dead(60)
    typed = [row._replace(converts_after_ms=20_000) for row in rows]

    assert not all(each.sent for each in verdicts(calls, rows, realm="a"))
    assert all(each.sent for each in verdicts(calls, typed, realm="b"))


def test_who_can_solve_a_challenge_is_sent_and_still_counted_as_challenged(calls: Batches) -> None:
    """Weak evidence asks; a solution lets pass, strong evidence refuses whoever solved what."""
    solved = verdicts(calls, dead(40), realm="a")
    unsolved = verdicts(calls, [row._replace(passes=False) for row in dead(40)], realm="b")

    assert {each.sent for each in solved if each.decision == "challenge"} == {True}
    assert {each.sent for each in unsolved if each.decision == "challenge"} == {False}
    assert any(each.decision == "deny" and not each.sent for each in solved)


def test_a_policy_adds_its_limits_countries_and_ceilings(calls: Batches) -> None:
    """With a policy its own rules refuse too, each under its name."""
    rows = [row._replace(at_ms=0, to="+41791234567") for row in dead(3)] + [dead(1)[0]._replace(to="+4915112345678")]
    policy = Policy.model_validate({"limits": {"to": "2 per hour"}, "countries": ["CH"]})

    assert [each.reasons[:1] for each in verdicts(calls, rows, policy)][2:] == [
        ("rate_limited to",),
        ("country_not_allowed",),
    ]


def test_shadow_lets_pass_what_it_would_refuse_and_off_says_nothing(calls: Batches) -> None:
    """The modes of a policy hold in a replay too."""
    shadow = verdicts(calls, dead(40), BRAKE_ALONE.model_copy(update={"fraud": "shadow"}), realm="a")
    off = verdicts(calls, dead(40), BRAKE_ALONE.model_copy(update={"fraud": "off"}), realm="b")

    assert all(each.sent for each in (*shadow, *off))
    assert {"deny"} < {each.decision for each in shadow}
    assert {each.decision for each in off} == {"allow"}


def test_a_number_that_no_plan_knows_is_judged_by_its_country(calls: Batches) -> None:
    """Traces of others hold numbers that libphonenumber has never heard of; the brake decides about those too."""
    (verdict,) = verdicts(calls, [dead(1)[0]._replace(to="+15550001234")])

    assert verdict == Verdict("allow", True)


def test_premium_rate_is_refused_outright(calls: Batches) -> None:
    """A number whose owner is paid for the call never gets a code."""
    (verdict,) = verdicts(calls, [dead(1)[0]._replace(to="+41900123456")])

    assert (verdict.decision, verdict.reasons) == ("deny", ("line_type_not_allowed",))


def test_some_decisions_are_measured_alone(calls: Batches) -> None:
    """The time of a decision is that of one with nothing else in flight."""
    took = [each.took_us for each in Replay(calls, Bench(BRAKE_ALONE)).run(dead(3 * MEASURED_EVERY))]

    assert sum(each is not None for each in took) == 3
    assert percentile([1, 2, 3, 4], 0.5) == 3
    assert percentile([], 0.99) is None


def test_a_replay_runs_in_this_process_where_there_is_no_server() -> None:
    """Without a Redis on PATH the scripts run in memory."""
    client().flushall()

    assert len(verdicts(batches("memory://", []), dead(5))) == 5


@pytest.mark.parametrize("seed", [701, 702])
def test_attacks_are_blocked_and_people_are_not(calls: Batches, seed: int) -> None:
    """Nine tenths of the money of fifteen families within a day, and hardly anybody lost, on seeds nobody tuned to."""
    score = scored(calls, traffic(random.Random(seed), Plan(rows=12_000, hours=24)))

    assert score.attack.blocked > 0.88
    assert score.legit.lost < 0.005


def test_families_that_nobody_tuned_to_are_blocked_too(calls: Batches) -> None:
    """The next idea of a pumper meets the same bounds."""
    plan = Plan(rows=12_000, hours=24, families=tuple(UNSEEN))
    score = scored(calls, traffic(random.Random(703), plan, UNSEEN))

    assert score.attack.blocked > 0.9
    assert score.legit.lost < 0.005


def test_people_alone_are_left_alone(calls: Batches) -> None:
    """A launch, an outage, a ticket sale and an office of testers cost hardly anybody their code."""
    score = scored(calls, traffic(random.Random(704), Plan(rows=10_000, hours=24, attack_share=0, families=())))

    assert score.legit.lost < 0.005
    assert score.legit.challenged / score.legit.rows < 0.05


@pytest.mark.parametrize("every_s", [5, 60])
def test_an_outage_after_an_hour_of_history_costs_hardly_anybody_a_code(calls: Batches, every_s: int) -> None:
    """For 40 minutes nobody types, and half of the strangers try again: the brake takes it for what it is."""
    chance = random.Random(706)
    rows: list[Row] = []
    for at_s in range(0, 9600, every_s):
        dead, to = 3600 <= at_s < 6000, f"+4179{chance.randrange(10**7):07d}"
        for again in range(2 if dead and chance.random() < 0.5 else 1):
            typed = None if dead or chance.random() > 0.78 else 25_000
            at_ms = (at_s + 40 * again) * 1000
            rows.append(Row(at_ms, to, "", "", "", 50_000, typed, chance.random() < 0.98, "legit"))
    score = scored(calls, sorted(rows, key=lambda row: row.at_ms))

    assert score.legit.lost < 0.004
    assert score.legit.challenged / score.legit.rows < 0.1


@pytest.mark.parametrize("refusals", [1, 4])
def test_attackers_who_see_refusals_and_move_on_are_held_all_the_same(calls: Batches, refusals: int) -> None:
    """Leaving a prefix as soon as it refuses earns little: what is unproven is counted for the whole application."""
    people = traffic(random.Random(705), Plan(rows=3000, hours=12, attack_share=0, families=()))
    mover = Mover(random.Random(1), "mover", HOUR_MS, 10_000, refusals=refusals)
    trace, replay, score = Interactive(people, [mover], 12 * HOUR_MS), Replay(calls, Bench(BRAKE_ALONE)), Score()
    for row in trace:
        verdict = replay.one(row)
        score.add(row, verdict)
        trace.hear(row, verdict)

    assert score.attack.rows > 3000
    assert score.attack.blocked > 0.9
    assert score.legit.lost < 0.02
