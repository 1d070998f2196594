"""Who carries a message, in which order, and why the others do not."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.health import Health, RouteHealth
from otp_service.domain.messages import REASONS, Message
from otp_service.domain.routes.decide import LOST, Decision, decide, dollars
from otp_service.domain.routes.price_tables import PriceTable
from otp_service.domain.routes.ranking import ENOUGH
from otp_service.domain.routes.routing import Routing
from otp_service.domain.routes.rules import Ask, Candidate, Rule

NOW = 1_800_000_000_000
CODE = Message("msg_1", "+41791234567", "123456 is your code", "CH")
TEST = replace(CODE, test=True)
A, B, C = Candidate("a", 10), Candidate("b", 20), Candidate("c", 30)
SIMULATOR = Candidate("simulator", test_only=True, simulated=True)

countries = st.sampled_from(["CH", "DE", "IN"])
candidates = st.lists(
    st.builds(
        Candidate,
        st.text("abcdef", min_size=1, max_size=3),
        st.integers(0, 3),
        st.none() | st.frozensets(countries, min_size=1),
        st.booleans(),
        st.booleans(),
        st.integers(0, 3),
        st.booleans(),
    ),
    max_size=6,
    unique_by=lambda candidate: candidate.name,
)
healths = st.builds(
    RouteHealth,
    st.sampled_from(["closed", "open", "half_open"]),
    st.integers(NOW - 1, NOW + 1),
    st.integers(NOW - 1, NOW + 1),
    st.none() | st.floats(1, 900),
    st.integers(0, 300),
    st.integers(0, 300),
)
messages = st.builds(Message, st.uuids().map(str), st.just("+41791234567"), st.just("x"), countries, test=st.booleans())


def names(decision: Decision) -> list[str]:
    return [choice.provider for choice in decision.choices]


def why(decision: Decision) -> dict[str, str]:
    return {lost.provider: lost.code for lost in decision.lost}


def routed(*known: Candidate, message: Message = CODE, health: Health | None = None, **more: object) -> Decision:
    """The decision of a routing with these candidates and whatever else is given."""
    return decide(Routing(known, **more), message, health or {}, NOW)  # type: ignore[arg-type]


def test_lower_priorities_come_first() -> None:
    """Providers are asked by priority, lower first."""
    assert names(routed(C, A, B)) == ["a", "b", "c"]


def test_equals_share_by_weight() -> None:
    """Among equals of priority each comes first as often as its weight says."""
    routing = Routing((Candidate("a", weight=300), Candidate("b", weight=100)))
    firsts = Counter(names(decide(routing, replace(CODE, id=f"msg_{n}"), {}, NOW))[0] for n in range(4000))
    assert 0.70 < firsts["a"] / 4000 < 0.80


def test_weight_nothing_comes_after_its_equals() -> None:
    """A provider of weight 0 is asked when its equals can't, and the quicker one of two such comes first."""
    known = [Candidate("a", weight=0), Candidate("b", weight=0), Candidate("c"), Candidate("d", priority=900)]
    slow = {("a", "CH"): RouteHealth(latency_ms=900), ("b", "CH"): RouteHealth(latency_ms=100)}
    assert names(routed(*known, health=slow)) == ["c", "b", "a", "d"]


@given(candidates, messages, st.dictionaries(st.tuples(st.text("abc", min_size=1), countries), healths, max_size=4))
def test_every_candidate_is_chosen_or_lost_for_a_known_reason(
    known: list[Candidate], message: Message, health: Health
) -> None:
    """Each candidate is there once, with a known reason if it lost; asked again, the answer is the same."""
    routing = Routing(tuple(known))
    decision = decide(routing, message, health, NOW)
    assert sorted([*names(decision), *(lost.provider for lost in decision.lost)]) == sorted(each.name for each in known)
    assert {lost.code for lost in decision.lost} <= set(LOST)
    assert decision == decide(routing, message, health, NOW)
    assert decision.reason is None if decision.choices else decision.reason in REASONS


@given(candidates, messages)
def test_test_messages_reach_simulators_only(known: list[Candidate], message: Message) -> None:
    """A message of a test key goes to simulators only, a real one never to what is there for tests."""
    by_name = {candidate.name: candidate for candidate in known}
    for name in names(decide(Routing(tuple(known)), message, {}, NOW)):
        chosen = by_name[name]
        assert (chosen.simulated or chosen.test_only) if message.test else not chosen.test_only
        assert chosen.countries is None or message.country in chosen.countries


def test_rules_do_not_touch_test_messages() -> None:
    """What test keys send reaches the simulator though a rule forbids or names others, and costs nothing."""
    decision = routed(A, SIMULATOR, message=TEST, rules=(Rule("none", asks=(), reason="closed"),))
    assert names(decision) == ["simulator"]
    assert decision.choices[0].price_micros == 0


def test_those_tried_are_not_asked_again() -> None:
    """Whoever was tried for this message is passed over."""
    decision = decide(Routing((A, B)), CODE, {}, NOW, tried=["a"])
    assert (names(decision), why(decision)) == (["b"], {"a": "tried"})


def test_what_is_switched_off_is_not_asked() -> None:
    """A provider that the configuration switches off loses."""
    assert why(routed(replace(A, enabled=False), B)) == {"a": "disabled"}


def test_a_rule_names_who_is_asked_and_how() -> None:
    """A rule's own priorities, weights and timeout stand over those of the providers."""
    rule = Rule("r", asks=(Ask("c", priority=1), Ask("b")), receipt_timeout_s=20)
    decision = routed(A, B, C, rules=(rule,))
    assert names(decision) == ["c", "b"]
    assert why(decision) == {"a": "not_in_rule"}
    assert {choice.receipt_timeout_s for choice in decision.choices} == {20}


def test_a_rule_forbids_with_its_reason() -> None:
    """What a rule forbids nobody carries, and the reason is the rule's."""
    decision = routed(A, B, rules=(Rule("embargo", asks=(), reason="not there"),))
    assert (names(decision), decision.reason, decision.rule.name) == ([], "no_provider", "embargo")
    assert {(lost.code, lost.detail) for lost in decision.lost} == {("forbidden", "not there")}


def test_without_a_matching_rule_everybody_is_asked() -> None:
    """Messages that no rule speaks of go to every provider."""
    decision = routed(A, B, rules=(Rule("abroad", asks=(Ask("b"),), countries={"DE"}),))
    assert (decision.rule.name, names(decision)) == ("default", ["a", "b"])


@pytest.mark.parametrize(
    ("rule_max", "own_max", "chosen"),
    [(None, 49_999, []), (49_999, None, []), (50_000, 50_000, ["a"]), (0, 99_999, [])],
)
def test_a_ceiling_holds_for_the_whole_message(rule_max: int | None, own_max: int | None, chosen: list[str]) -> None:
    """A provider that takes more than the rule's or its own ceiling for all segments of the message loses."""
    rule = Rule("r", asks=(Ask("a", max_price_micros=own_max),), max_price_micros=rule_max)
    prices = {"a": PriceTable({"CH": 25_000})}
    decision = routed(A, message=replace(CODE, segments=2), rules=(rule,), prices=prices)
    assert names(decision) == chosen
    assert why(decision) == ({} if chosen else {"a": "price_above_ceiling"})


def test_a_choice_tells_its_price() -> None:
    """A message costs what the provider's own table says for each of its segments."""
    decision = routed(A, B, message=replace(CODE, segments=3), prices={"a": PriceTable({"CH": 7})})
    assert [choice.price_micros for choice in decision.choices] == [21, 270_000]


def test_what_a_vendor_cannot_carry_it_is_not_given() -> None:
    """A vendor that would drop part of a message loses with its own words, judged with the sender it would show."""
    unfit = {"a": lambda message: f"not from {message.sender}", "b": lambda message: None}
    decision = routed(A, B, unfit=unfit, own_senders={"a": "Shop"})
    assert names(decision) == ["b"]
    assert [(lost.code, lost.detail) for lost in decision.lost] == [("unfit", "not from Shop")]


@pytest.mark.parametrize(
    ("route", "code", "probe"),
    [
        (RouteHealth("open", NOW + 1), "breaker_open", False),
        (RouteHealth("open", NOW), None, True),
        (RouteHealth("half_open", NOW), None, True),
        (RouteHealth("half_open", NOW + 1), "breaker_open", False),
        (RouteHealth(paused_until_ms=NOW + 1), "paused", False),
        (RouteHealth(paused_until_ms=NOW), None, False),
        (RouteHealth(open_until_ms=NOW + 1), None, False),
    ],
)
def test_an_ill_route_rests(route: RouteHealth, code: str | None, probe: bool) -> None:
    """A route with an open breaker or a pause loses until its time is over; then one message may look."""
    decision = routed(A, B, health={("a", "CH"): route})
    assert why(decision).get("a") == code
    assert code or next(choice for choice in decision.choices if choice.provider == "a").probe is probe


def test_health_is_by_country() -> None:
    """A route that is ill in one country is asked in the others."""
    assert names(routed(A, B, health={("a", "DE"): RouteHealth("open", NOW + 9)})) == ["a", "b"]


def test_when_all_are_ill_it_is_told_until_when() -> None:
    """Where nobody can be asked but for their health, the decision says when that changes."""
    health = {("a", "CH"): RouteHealth("open", NOW + 9), ("b", "CH"): RouteHealth(paused_until_ms=NOW + 5)}
    decision = routed(A, B, health=health)
    assert (decision.reason, decision.again_ms) == ("no_provider", NOW + 5)
    assert routed(A).again_ms is None


GOOD, BAD = RouteHealth(sent=200, converted=180), RouteHealth(sent=200, converted=60)


def moved(message: Message, bad: RouteHealth = BAD) -> list[str]:
    return names(routed(A, B, C, message=message, health={("a", "CH"): bad, ("b", "CH"): GOOD}))


def test_a_route_whose_codes_do_not_arrive_is_moved_back() -> None:
    """A route that converts clearly worse than another is asked after all others, whatever its priority."""
    assert moved(CODE) == ["b", "c", "a"]


def test_few_codes_move_nothing() -> None:
    """A route is not judged by fewer codes than are needed to tell."""
    assert moved(CODE, RouteHealth(sent=ENOUGH - 1, converted=0)) == ["a", "b", "c"]
    assert moved(CODE, RouteHealth(sent=200, converted=175)) == ["a", "b", "c"]


def test_only_codes_are_moved() -> None:
    """Other messages keep the order that their operator gave."""
    assert moved(replace(CODE, is_code=False, message_class="transactional")) == ["a", "b", "c"]


def test_a_route_that_was_moved_back_can_recover() -> None:
    """A few codes still go first by a route that was moved back, so that its recovery is seen."""
    firsts = Counter(moved(replace(CODE, id=f"msg_{n}"))[0] for n in range(2000))
    assert 20 < firsts["a"] < 120


@pytest.mark.parametrize(
    ("micros", "told"), [(0, "0.00 USD"), (90_000, "0.09 USD"), (5, "0.000005 USD"), (12_000_000, "12.00 USD")]
)
def test_money_is_told_in_dollars(micros: int, told: str) -> None:
    """An amount is told to the last digit that it has, and with cents at least."""
    assert dollars(micros) == told
