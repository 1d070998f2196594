"""What couriers conclude from outcomes: breakers, pauses, latency and codes that were typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.health import (
    ALONE_MS,
    FAILURES,
    LOOK_AGAIN_MS,
    MOST_OPEN_MS,
    OPEN_MS,
    PROBE_MS,
    SIGNS,
    SLOT_MS,
    TYPED_MS,
    UNTOUCHED,
    WITHIN_MS,
    Breaker,
    Event,
    Sign,
    conversions_of,
    dump_breaker,
    learn,
    outlived,
    pause_ms,
    probing,
    read_breaker,
    route_health,
    sign_of,
)
from otp_service.domain.messages import REASONS, Outcome, Verdict

NOW = 1_800_000_000_000

signs = st.sampled_from(["well", "failed", "shut", "neither"])
events = st.builds(
    Event,
    signs,
    st.integers(NOW, NOW + 600_000),
    st.none() | st.floats(0, 9000),
    st.booleans(),
    st.sampled_from([0, 0, 1000]),
    st.integers(1, 50),
)


def after(known: Breaker, *times: int, sign: Sign = "failed", probe: bool = False) -> Breaker:
    """What is known after such events at these times."""
    for at_ms in times:
        known = learn(known, Event(sign, at_ms, probe=probe))
    return known


OPEN = after(UNTOUCHED, *[NOW] * FAILURES)


def test_five_failures_in_a_row_within_ten_seconds_open_it() -> None:
    """Five failures in a row within ten seconds open a breaker for ten seconds; four, or slower ones, do not."""
    assert after(UNTOUCHED, *range(NOW, NOW + 4)).until_ms == 0
    assert after(UNTOUCHED, *range(NOW, NOW + 5)).until_ms == NOW + 4 + OPEN_MS
    assert after(UNTOUCHED, *range(NOW, NOW + 5 * WITHIN_MS // 4, WITHIN_MS // 4)).until_ms == 0


def test_whatever_works_between_starts_the_count_anew() -> None:
    """A provider that fails now and then works: only failures in a row count."""
    known = UNTOUCHED
    for _ in range(20):
        known = after(after(known, *[NOW] * (FAILURES - 1)), NOW, sign="well")
    assert known.until_ms == 0


def test_each_probe_that_fails_doubles_the_time() -> None:
    """An open breaker stays open for 10, 20, 40, 80, 160, then always 300 seconds, once more for each failed probe."""
    known, opened = OPEN, [OPEN.until_ms - NOW]
    for _ in range(6):
        known = after(known, NOW, probe=True)
        opened.append(known.until_ms - NOW)
    assert opened == [10_000, 20_000, 40_000, 80_000, 160_000, MOST_OPEN_MS, MOST_OPEN_MS]


def test_what_was_under_way_when_it_opened_makes_nothing_worse() -> None:
    """Failures of tries that began before a breaker opened do not keep it open for longer."""
    assert after(OPEN, *range(NOW, NOW + 20)) == OPEN
    assert after(OPEN, NOW, sign="shut") == OPEN


def test_a_success_closes_it() -> None:
    """One message that goes well closes a breaker, and its next opening is a short one again."""
    twice = after(OPEN, NOW, probe=True)
    closed = after(twice, NOW, sign="well")
    assert closed == UNTOUCHED
    assert after(closed, *[NOW] * FAILURES).until_ms == NOW + OPEN_MS


def test_a_probe_that_only_its_message_failed_closes_it_too() -> None:
    """A probe that was answered shows that the provider works, also if it could not take that very message."""
    assert after(OPEN, NOW, sign="neither", probe=True).until_ms == 0
    assert after(OPEN, NOW, sign="neither") == OPEN


def test_one_probe_at_a_time() -> None:
    """When the time is over one probe may go, others after it was answered, or its courier was given up."""
    assert probing(OPEN, OPEN.until_ms - 1, alone=False) is None
    out = probing(OPEN, OPEN.until_ms, alone=False)
    assert out
    assert probing(out, OPEN.until_ms + PROBE_MS - 1, alone=False) is None
    assert probing(out, OPEN.until_ms + PROBE_MS, alone=False)


def test_where_nobody_else_can_be_asked_the_probe_comes_sooner() -> None:
    """A provider that is alone is probed every thirty seconds, however long its breaker is open."""
    known = Breaker(opened=9, since_ms=NOW, until_ms=NOW + MOST_OPEN_MS)
    assert probing(known, NOW + ALONE_MS - 1, alone=True) is None
    assert probing(known, NOW + ALONE_MS, alone=True)
    assert probing(known, NOW + ALONE_MS, alone=False) is None


def test_routing_sees_open_then_half_open_then_closed() -> None:
    """Routing is told until when a route is ill, that it may be probed then, and while a probe is out to look again."""
    told = [route_health(OPEN, UNTOUCHED, at_ms) for at_ms in (NOW, OPEN.until_ms)]
    assert [(one.breaker, one.open_until_ms) for one in told] == [("open", OPEN.until_ms), ("half_open", OPEN.until_ms)]
    out = probing(OPEN, OPEN.until_ms, alone=False)
    assert out
    probed = route_health(out, UNTOUCHED, OPEN.until_ms)
    assert (probed.breaker, probed.open_until_ms) == ("open", OPEN.until_ms + LOOK_AGAIN_MS)


def test_what_holds_for_the_whole_provider_holds_in_each_country() -> None:
    """A provider without credit is open everywhere, and one that asked for patience is paused everywhere."""
    shut = after(UNTOUCHED, NOW, sign="shut")
    assert shut.until_ms == NOW + OPEN_MS
    found = route_health(UNTOUCHED, Breaker(until_ms=shut.until_ms, paused_ms=NOW + 7), NOW)
    assert (found.breaker, found.open_until_ms, found.paused_until_ms) == ("open", shut.until_ms, NOW + 7)


@pytest.mark.parametrize(
    ("verdict", "reason", "sign"),
    [
        (Verdict.ACCEPTED, None, "well"),
        (Verdict.REJECTED, "invalid_number", "well"),
        (Verdict.TRY_ANOTHER, "connection", "failed"),
        (Verdict.TRY_ANOTHER, "provider_error", "failed"),
        (Verdict.TRY_ANOTHER, "filtered", "neither"),
        (Verdict.TRY_ANOTHER, "country_not_enabled", "neither"),
        (Verdict.AMBIGUOUS, "timeout", "failed"),
        (Verdict.AMBIGUOUS, "bad_response", "failed"),
        (Verdict.TRY_LATER, "rate_limited", "neither"),
        (Verdict.TRY_LATER, "provider_error", "failed"),
        (Verdict.MISCONFIGURED, "bad_credentials", "shut"),
        (Verdict.MISCONFIGURED, "no_funds", "shut"),
        (Verdict.MISCONFIGURED, "unregistered_sender", "neither"),
    ],
)
def test_outcomes_speak_of_the_provider_or_of_the_message(verdict: Verdict, reason: str, sign: str) -> None:
    """A vendor that is down, one that takes nothing from us, and one message that it can't take are three things."""
    assert sign_of(Outcome(verdict, reason)) == sign


def test_every_reason_in_the_table_is_one() -> None:
    """The table speaks of reasons that there are."""
    assert {reason for _, reason in SIGNS} <= REASONS


@pytest.mark.parametrize(
    ("outcome", "ms"),
    [
        (Outcome(Verdict.TRY_LATER, "rate_limited", retry_after_s=7), 7_000),
        (Outcome(Verdict.TRY_LATER, "rate_limited", retry_after_s=0), 1_000),
        (Outcome(Verdict.TRY_LATER, "rate_limited", retry_after_s=86_400), 300_000),
        (Outcome(Verdict.TRY_LATER, "rate_limited"), 1_000),
        (Outcome(Verdict.TRY_LATER, "provider_error"), 0),
        (Outcome(Verdict.TRY_ANOTHER, "provider_error"), 0),
    ],
)
def test_retry_after_pauses_the_provider(outcome: Outcome, ms: int) -> None:
    """A busy provider is left alone as long as it asks, five minutes at most, or a second if it doesn't say."""
    assert pause_ms(outcome) == ms


def test_latency_is_an_average_that_forgets() -> None:
    """Each answer counts for a tenth of the average, and many told together count as if they came one by one."""
    first = learn(UNTOUCHED, Event("well", NOW, 100.0))
    assert first.latency_ms == 100
    one_by_one = first
    for _ in range(5):
        one_by_one = learn(one_by_one, Event("well", NOW, 200.0))
    together = learn(first, Event("well", NOW, 200.0, count=5))
    assert together.latency_ms == pytest.approx(one_by_one.latency_ms)


@given(st.lists(events, max_size=40))
def test_what_is_known_survives_being_shared(told: list[Event]) -> None:
    """What one courier writes, another one reads, and whatever happens a breaker opens for five minutes at most."""
    known = UNTOUCHED
    for event in told:
        known = learn(known, event)
        assert known.until_ms <= event.at_ms + MOST_OPEN_MS or known.until_ms <= NOW + 600_000 + MOST_OPEN_MS
    text = dump_breaker(known)
    assert dump_breaker(read_breaker(text)) == text


@pytest.mark.parametrize("text", ["", "{", "[]", "[1]", '[[],0,0,0,0,0,null,"new"]'])
def test_what_this_release_cannot_read_is_as_good_as_unknown(text: str) -> None:
    """A form of another release is taken for a provider of which nothing is known."""
    assert read_breaker(text) == UNTOUCHED


def test_only_codes_whose_time_is_over_count() -> None:
    """Codes count once people had the time to type them, and no longer than for an hour after that."""
    now = 1000 * SLOT_MS
    ages = {"young": TYPED_MS // SLOT_MS, "ripe": TYPED_MS // SLOT_MS + 1, "old": 14, "older": 15}
    counted = {f"{1000 - slots}|{name}|CH|s": 10 for name, slots in ages.items()}
    counted |= {f"{1000 - ages['ripe']}|ripe|CH|c": 7}
    assert conversions_of(counted, now) == {("ripe", "CH"): (10, 7), ("old", "CH"): (10, 0)}


def test_counts_that_nobody_looks_at_are_removed() -> None:
    """A slot is removed when it is well over."""
    now = 1000 * SLOT_MS
    assert outlived(["1000|p|CH|s", "980|p|CH|s", "960|p|CH|s"], now) == ["960|p|CH|s"]
