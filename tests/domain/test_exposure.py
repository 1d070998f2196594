"""The most that an hour can cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.exposure import HOUR_MS, most_copies, most_in, most_per_hour_micros, most_segments
from otp_service.domain.limits import Limit
from otp_service.domain.policy import Policy
from otp_service.domain.routes.rules import Candidate
from otp_service.domain.templates.template import BUILT_IN, Template, message_text, render
from otp_service.domain.text.size import measure

NO_CEILING = {"spend_per_day_micros": None, "spend_per_country_per_day_micros": None}
PRICES = {"CH": 90_000, "LI": 50_000, "AT": 0}
LINE = {"webotp_host": "login.example.com", "android_app_hash": "FA+9qCX9VSu"}
SYMBOLS = st.sampled_from("a1 ,é€^[…“ß漢😀")
SLOTS = st.sampled_from(["{minutes}", "{app}", "{name}", "{amount}"])


def most(segments: int = 1, **fields: object) -> int | None:
    """The bound of a policy with these fields."""
    return most_per_hour_micros(Policy.model_validate(fields), PRICES, segments)


def test_without_a_ceiling_or_a_limit_nothing_bounds_it() -> None:
    """An application without a ceiling and without a limit of its own can cost any amount."""
    assert most(**NO_CEILING, countries=["CH"]) is None


def test_a_daily_ceiling_may_be_used_up_in_one_hour() -> None:
    """An hour can cost as much as the ceiling of a day."""
    assert most(spend_per_day_micros=7_000_000, spend_per_country_per_day_micros=None) == 7_000_000


def test_ceilings_by_country_add_up() -> None:
    """Each allowed country that costs something can be attacked up to its own ceiling."""
    ceilings = {"spend_per_day_micros": None, "spend_per_country_per_day_micros": 1_000_000}
    assert most(**ceilings, countries=["CH", "LI", "AT"]) == 2_000_000
    assert most(**ceilings, countries="*") > 200_000_000


def test_a_limit_costs_its_amount_of_the_dearest_messages() -> None:
    """A limit on the application bounds the cost at the dearest country and the longest message."""
    limits = {"application": "100 per hour"}
    assert most(3, **NO_CEILING, countries=["CH", "LI"], limits=limits) == 100 * 90_000 * 3


def test_the_policys_own_price_comes_first() -> None:
    """The dearest price is the one that starts are charged under this policy."""
    limits = {"application": "10 per hour"}
    assert most(**NO_CEILING, countries=["CH"], limits=limits, price_micros={"CH": 1_000}) == 10_000


def test_the_smallest_bound_counts() -> None:
    """Whatever refuses first bounds the hour."""
    limits = {"application": "100 per hour; 3 per minute"}
    assert most(countries=["LI"], limits=limits, spend_per_day_micros=4_999_999) == 4_999_999
    assert most(countries=["LI"], limits=limits) == 100 * 50_000


def test_every_copy_is_counted() -> None:
    """Each bound, also a ceiling, which is charged for one copy, is as many times higher as copies may go out."""
    policy = Policy.model_validate({"spend_per_day_micros": 7_000_000, "countries": ["CH"]})
    assert most_per_hour_micros(policy, PRICES, 1, 2) == 14_000_000
    assert most_per_hour_micros(Policy.model_validate({**NO_CEILING, "countries": ["CH"]}), PRICES, 1, 2) is None


@pytest.mark.parametrize(("countries", "copies"), [(["CH"], 4), (["DE"], 3), (["US"], 2), (["CH", "US"], 4), ("*", 4)])
def test_a_code_may_go_out_once_with_each_of_its_providers_and_once_more(countries: object, copies: int) -> None:
    """Counted are the providers of that allowed country which has the most, and none that is there for tests."""
    known = [
        Candidate("everywhere"),
        Candidate("near", countries=frozenset({"CH", "DE"})),
        Candidate("nearer", countries=frozenset({"CH"})),
        Candidate("simulator", test_only=True, simulated=True),
    ]
    assert most_copies(known, Policy.model_validate({"countries": countries})) == copies


@pytest.mark.parametrize("countries", [[], ["AT"]])
def test_where_nothing_costs_anything_an_hour_is_free(countries: list[str]) -> None:
    """An application that may send nowhere, or only for nothing, can't cost anything."""
    assert most(**NO_CEILING, countries=countries) == 0


@pytest.mark.parametrize(
    ("amount", "minutes", "expected"), [(10, 60, 10), (10, 1440, 10), (5, 10, 30), (5, 7, 45), (1, 61, 1)]
)
def test_a_limits_periods_cover_the_hour(amount: int, minutes: int, expected: int) -> None:
    """Within an hour a limit lets through its amount once for each period that the hour touches."""
    assert most_in(Limit(amount, minutes * 60_000), HOUR_MS) == expected


@given(st.integers(1, 6), st.integers(1, 90), st.lists(st.integers(0, 3), max_size=400))
def test_no_attacker_gets_more_through_than_is_told(amount: int, period: int, gaps: list[int]) -> None:
    """Whenever an attacker tries, a limit admits no more in any hour than the bound says."""
    admitted: list[int] = []
    now = 0
    for gap in gaps:
        now += gap
        if sum(1 for at in admitted if at > now - period) < amount:
            admitted.append(now)
    bound = most_in(Limit(amount, period), 60)
    assert all(sum(1 for at in admitted if start <= at < start + 60) <= bound for start in range(now + 1))


@given(
    st.lists(st.one_of(SYMBOLS, SLOTS), max_size=120),
    st.integers(0, 120),
    st.text(SYMBOLS, min_size=1, max_size=64),
    st.text(SYMBOLS, max_size=40),
    st.booleans(),
)
def test_no_message_is_longer_than_is_told(pieces: list[str], at: int, app: str, value: str, with_line: bool) -> None:
    """Whatever the variables, a message never takes more segments than its template is said to take at most."""
    body = "".join([*pieces[:at], "{code}", *pieces[at:]])
    policy = Policy.model_validate(LINE if with_line else {})
    values = {"code": "123456", "minutes": "10", "app": app, "name": value, "amount": value}
    template = Template("default", "en", 1, body)
    text = message_text(render(template, values), "123456", policy.webotp_host, policy.android_app_hash)
    assert measure(text).segments <= most_segments([template], app, policy)


def test_the_bound_is_not_idle() -> None:
    """The built-in templates are said to take few segments, since what they can hold is known."""
    assert most_segments(BUILT_IN.values(), "Example", Policy()) <= 4


def test_a_pair_is_not_cut_in_two() -> None:
    """A text of symbols that take two units each is counted with the unit that every segment then leaves empty."""
    template = Template("default", "en", 1, "{code}" + "😀" * 329)
    sent = render(template, {"code": "123456"})
    assert measure(sent).segments == most_segments([template], "Example", Policy()) == 11
