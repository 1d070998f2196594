"""Scopes: whose debt a send is."""

import pytest

from otp_service.domain.fraud.scopes import operator_prefix, scopes_of

KEY = b"k" * 32


@pytest.mark.parametrize(
    ("e164", "prefix"),
    [
        ("+41791234567", "+4179"),
        ("+14155550123", "+1415"),
        ("+447911123456", "+44791"),
        ("+6281212345678", "+628121"),
        ("+3725123456", "+37251"),
        ("+6768451", "+67684"),
    ],
)
def test_an_operator_is_known_by_the_beginning_of_a_number(e164: str, prefix: str) -> None:
    """A prefix is what is left without the last seven digits, and at least two digits after the country's."""
    assert operator_prefix(e164) == prefix


def test_scopes_nest() -> None:
    """Numbers of one block share it, and blocks of one operator share the prefix."""
    one, near, far = (scopes_of(KEY, "app", to, "CH", None) for to in ("+41791234567", "+41791234568", "+41799876543"))
    assert one.number != near.number
    assert one.block == near.block != far.block
    assert one.prefix == near.prefix == far.prefix


def test_a_network_is_the_surroundings_of_an_address() -> None:
    """Addresses of one /24 or /48 are one network; without an address there is none."""

    def network(ip: str | None) -> str:
        return scopes_of(KEY, "app", "+41791234567", "CH", ip).network

    assert network("203.0.113.7") == network("203.0.113.200") != network("203.0.114.7")
    assert network("2001:db8:1:2::3") == network("2001:db8:1:ff::3") != network("2001:db8:2::3")
    assert network(None) == ""


def test_names_of_scopes_tell_nothing() -> None:
    """No name holds a number or an address, and the same number is another one in another application."""
    mine, yours = (scopes_of(KEY, realm, "+41791234567", "CH", "203.0.113.7") for realm in ("app_1", "app_2"))
    assert not any("79123" in name or "203.0" in name for name in mine)
    assert mine.number != yours.number
    assert mine.country == yours.country == "CH"
