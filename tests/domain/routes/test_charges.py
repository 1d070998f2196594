"""What a send is charged before anybody knows who carries it."""

import pytest

from otp_service.domain.prices import PRICES
from otp_service.domain.routes.price_tables import PriceTable
from otp_service.domain.routes.routing import Routing
from otp_service.domain.routes.rules import Candidate

MOBILE = "+41791234567"
CHEAP = PriceTable({"CH": 20_000}, {"4179": 30_000}, 4, {"CH": 30_000})
DEAR = PriceTable({"CH": 50_000, "DE": 1}, dearest={"CH": 50_000, "DE": 1})


def routing(*known: Candidate, **prices: PriceTable) -> Routing:
    return Routing(known or (Candidate("a"), Candidate("b")), prices=prices)


def test_an_applications_own_price_comes_first() -> None:
    """The price that a policy names is charged, whatever the tables say."""
    assert routing(a=CHEAP).charge_micros("CH", MOBILE, {"CH": 7}) == 7


def test_the_dearest_of_the_known_prices_is_charged() -> None:
    """A send is charged what the dearest of those costs who may carry it, as far as their tables say."""
    assert routing(a=CHEAP).charge_micros("CH", MOBILE, {}) == 30_000
    assert routing(a=CHEAP, b=DEAR).charge_micros("CH", MOBILE, {}) == 50_000
    assert routing(a=CHEAP).charge_micros("CH", "+41781234567", {}) == 20_000


def test_without_a_price_it_is_what_such_a_segment_is_taken_to_cost() -> None:
    """Where no table speaks of the country, the built-in estimate is charged."""
    assert routing(a=CHEAP).charge_micros("AT", "+436641234567", {}) == PRICES["AT"]
    assert routing().charge_micros("CH", MOBILE, {}) == PRICES["CH"]


@pytest.mark.parametrize(
    "idle",
    [Candidate("b", enabled=False), Candidate("b", test_only=True), Candidate("b", countries=frozenset({"DE"}))],
)
def test_who_cannot_carry_it_does_not_count(idle: Candidate) -> None:
    """The prices of a provider that is switched off, for tests or for other countries change nothing."""
    found = routing(Candidate("a"), idle, a=CHEAP, b=DEAR)
    assert found.charge_micros("CH", MOBILE, {}) == 30_000
    assert found.dearest()["CH"] == 30_000


def test_the_dearest_segment_of_each_country_is_known() -> None:
    """The exposure of an application is counted with the dearest price of any network of a country."""
    assert routing(a=CHEAP, b=DEAR).dearest() == {"CH": 50_000, "DE": 1}
