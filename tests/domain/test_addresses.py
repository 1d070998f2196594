"""Network addresses."""

import pytest

from otp_service.domain.addresses import client_network, counted_network, networks, real_address, within
from otp_service.domain.errors import Refusal

TRUSTED = networks(["10.0.0.0/8", "fd00::/8"])


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:cb00:7107", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_an_address_counts_as_its_network(text: str, counted: str) -> None:
    """IPv4 counts alone, IPv6 by its /64, and an IPv4 address in IPv6 clothes as IPv4."""
    assert counted_network(text) == counted


@pytest.mark.parametrize(
    ("text", "around"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("0.0.0.0", "0.0.0.0/24"),
        ("255.255.255.255", "255.255.255.0/24"),
        ("2001:DB8:1:2:3:4:5:6", "2001:db8:1::/48"),
    ],
)
def test_a_client_s_network_is_the_24_or_48_around_its_address(text: str, around: str) -> None:
    """IPv4 lies in its /24, IPv6 in its /48, and an IPv4 address in IPv6 clothes is IPv4."""
    assert client_network(text) == around


@pytest.mark.parametrize("text", ["", "1.2.3", "01.2.3.4", "0x7f.1", "1.2.3.4/32", "localhost", "1.2.3.4:80", "[::1]"])
def test_what_is_no_address_is_refused(text: str) -> None:
    """The refusal names the field."""
    with pytest.raises(Refusal, match=r"client\.ip"):
        counted_network(text)


@pytest.mark.parametrize(
    ("peer", "forwarded", "real"),
    [
        ("203.0.113.7", None, "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, nonsense, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("fd00::1", "2001:db8::1", "2001:db8::1"),
    ],
)
def test_the_caller_is_the_rightmost_address_that_nobody_vouches_for(
    peer: str, forwarded: str | None, real: str
) -> None:
    """X-Forwarded-For counts only behind a trusted proxy, and only as far as trusted proxies wrote it."""
    assert real_address(peer, forwarded, TRUSTED) == real


def test_blocks_hold_addresses_of_their_own_version() -> None:
    """An address lies in a block of its version; nonsense lies in none."""
    assert within("10.1.2.3", TRUSTED)
    assert within("::ffff:10.1.2.3", TRUSTED)
    assert not within("11.0.0.1", TRUSTED)
    assert not within("", networks(["0.0.0.0/0", "::/0"]))


def test_a_block_that_can_not_be_read_is_named() -> None:
    """OTP_TRUSTED_PROXIES says which of its entries is wrong."""
    with pytest.raises(ValueError, match=r"'10\.0\.0\.0/33' is neither"):
        networks(["10.0.0.0/8", "10.0.0.0/33"])
