"""Which sender a person sees, and why one may not be shown."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.messages import Message
from otp_service.domain.routes.routing import Routing
from otp_service.domain.routes.rules import Candidate
from otp_service.domain.routes.selection import Shown, Unshown, select_sender
from otp_service.domain.routes.sender_rules import CountryRule
from otp_service.domain.routes.senders import Sender, SenderKind, kind_of, looks_wrong, sticky

NOW = 1_800_000_000_000
A = Candidate("a")
CH = Message("msg_1", "+41791234567", "x", "CH", application="app_1")
US = Message("msg_1", "+12025550123", "x", "US", application="app_1")
RULES = {"US": CountryRule("no", "registered", "yes"), "CH": CountryRule("yes", "yes", "no")}
OF_A = frozenset({"a"})
SHOP = Sender("Shop", "alphanumeric", OF_A, max_per_s=3)
LONG = Sender("+12025550100", "long_code", OF_A, frozenset({"US"}))


def shown(message: Message, *inventory: Sender, own: str | None = None, **more: Any) -> Shown | Unshown:
    routing = Routing((A,), senders={"a": inventory}, own_senders={"a": own}, country_rules=RULES, **more)
    return select_sender(routing, A, message, NOW)


def test_the_inventory_gives_what_the_country_takes() -> None:
    """A provider shows the sender that is for the country, with that sender's pace."""
    assert shown(US, SHOP, LONG) == Shown("+12025550100")
    assert shown(CH, SHOP, LONG) == Shown("Shop", 3)


def test_an_inline_sender_is_held_to_the_rules_of_the_country() -> None:
    """A provider without an inventory shows its own sender, unless networks there do not take its kind."""
    assert shown(CH, own="Shop") == Shown("Shop")
    refused = shown(US, own="Shop")
    assert refused == Unshown("sender_not_allowed", "Shop", "networks in US take no alphanumeric sender")


def test_a_vendor_that_picks_the_sender_is_left_to_it() -> None:
    """Where neither message nor provider names a sender, the vendor picks it."""
    assert shown(US) == Shown(None)


def test_what_was_asked_for_is_shown_where_it_may_be() -> None:
    """The sender of the application comes first; where it may not be shown the provider's own or another one is."""
    assert shown(replace(CH, sender="Example"), own="Shop") == Shown("Example")
    assert shown(replace(US, sender="Example"), own="+12025550100") == Shown("+12025550100")
    other = replace(SHOP, sender="Other")
    assert shown(replace(CH, sender="Other"), SHOP, other) == Shown("Other", 3)
    assert shown(replace(CH, sender="Stranger"), SHOP) == Shown("Shop", 3)
    assert shown(replace(US, sender="Shop"), SHOP, LONG) == Shown("+12025550100")


@pytest.mark.parametrize(
    ("sender", "code"),
    [
        (replace(SHOP, countries=frozenset({"DE"})), "no_sender"),
        (replace(SHOP, applications=frozenset({"app_2"})), "no_sender"),
        (replace(SHOP, state="pending"), "sender_not_approved"),
        (replace(SHOP, state="rejected"), "sender_not_approved"),
        (replace(SHOP, expires_ms=NOW), "sender_not_approved"),
        (replace(SHOP, registered_ms=NOW + 1), "sender_not_approved"),
        (Sender("12345", "short_code", OF_A), "sender_not_allowed"),
    ],
)
def test_a_sender_that_may_not_be_shown_is_refused_with_the_reason(sender: Sender, code: str) -> None:
    """Without an approved sender for this country and application nothing is sent, and it is told why."""
    refused = shown(CH, sender)
    assert isinstance(refused, Unshown)
    assert (refused.code, bool(refused.detail)) == (code, True)


def test_an_approval_counts_within_its_dates() -> None:
    """A sender is shown from the moment it is registered until the one it expires."""
    assert shown(CH, replace(SHOP, registered_ms=NOW, expires_ms=NOW + 1)) == Shown("Shop", 3)


def test_what_an_admin_can_mend_is_told_first() -> None:
    """Of several senders that can't be shown, the one that says most gives the reason."""
    refused = shown(CH, replace(SHOP, countries=frozenset({"DE"})), replace(SHOP, sender="Late", state="expired"))
    assert refused == Unshown("sender_not_approved", "Late", "its registration is expired")


@pytest.mark.parametrize("countries", [frozenset({"CH"}), frozenset({None})])
def test_a_suspended_sender_is_not_shown(countries: frozenset[str | None]) -> None:
    """A sender that was taken out, in this country or everywhere, is passed over for another, or refused."""
    suspended = {("a", "Shop"): countries}
    assert shown(CH, SHOP, replace(SHOP, sender="Other"), suspended=suspended) == Shown("Other", 3)
    for refused in (shown(CH, SHOP, suspended=suspended), shown(CH, own="Shop", suspended=suspended)):
        assert isinstance(refused, Unshown)
        assert refused.code == "sender_suspended"


def test_a_vendor_whose_own_choice_was_suspended_is_out() -> None:
    """Where the vendor picks the sender, it is out of that country as a whole."""
    suspended = {("a", ""): frozenset({"US"})}
    assert isinstance(shown(US, suspended=suspended), Unshown)
    assert shown(CH, suspended=suspended) == Shown(None)


def test_a_simulator_shows_whatever_is_asked() -> None:
    """Nothing leaves a simulator, so no country's rule binds it."""
    routing = Routing(own_senders={"s": None}, country_rules=RULES)
    assert select_sender(routing, Candidate("s", simulated=True), replace(US, sender="Shop"), NOW) == Shown("Shop")


numbers = st.integers(10**9, 10**10 - 1).map(lambda number: f"+1{number}")
senders = st.lists(st.integers(10**6, 10**7).map(str), min_size=2, max_size=6, unique=True)


@given(numbers, senders)
def test_a_person_always_sees_the_same_sender(to: str, known: list[str]) -> None:
    """The order of the inventory does not matter, and another's end moves nobody."""
    inventory = [Sender(name, "long_code", OF_A) for name in known]
    chosen = sticky(inventory, to)
    assert sticky(inventory[::-1], to) == chosen
    left = [sender for sender in inventory if sender != chosen]
    assert sticky([chosen, *left[1:]], to) == chosen


def test_people_are_spread_over_the_senders() -> None:
    """Each of four senders is shown to about a quarter of the people."""
    inventory = [Sender(f"+1202555010{n}", "long_code", OF_A) for n in range(4)]
    seen = [sticky(inventory, f"+4179{n:07d}").sender for n in range(4000)]
    assert all(800 < seen.count(sender.sender) < 1200 for sender in inventory)


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        ("Shop", "alphanumeric"),
        ("7Eleven", "alphanumeric"),
        ("+41791234567", "long_code"),
        ("41 79 123 45 67", "long_code"),
        ("12345", "short_code"),
        ("+12345", "long_code"),
    ],
)
def test_a_senders_kind_shows_in_its_looks(sender: str, kind: SenderKind) -> None:
    """One letter makes a sender alphanumeric; a few digits are a short code."""
    assert kind_of(sender) == kind


@pytest.mark.parametrize(
    ("sender", "kind", "fits"),
    [
        ("Shop & Co", "alphanumeric", True),
        ("TwelveLetter", "alphanumeric", False),
        ("123", "alphanumeric", False),
        ("Größe", "alphanumeric", False),
        ("+41791234567", "long_code", True),
        ("0123", "long_code", False),
        ("12345", "short_code", True),
        ("12", "short_code", False),
        ("MG00000000000000000000000000000001", "pool", True),
        ("a pool", "pool", False),
    ],
)
def test_a_sender_must_look_like_its_kind(sender: str, kind: SenderKind, fits: bool) -> None:
    """What networks could not carry as such a sender is refused."""
    assert (looks_wrong(sender, kind) is None) is fits
