"""Network addresses: which one is the caller's, and as which a limit counts it."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from otp_service.domain.errors import invalid_field

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@lru_cache(maxsize=1024)
def counted_network(text: str) -> str:
    """The /32 or /64 that an address counts as; Refusal invalid_field `client.ip` for anything else."""
    address = _address(text)
    if address is None:
        raise invalid_field("client.ip", "this is not an IP address")
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))


@lru_cache(maxsize=1024)
def client_network(text: str) -> str:
    """The /24 or /48 around an address: a household, an office, or what a provider moves a phone about in.

    Refusal invalid_field `client.ip` for anything else.
    """
    address = _address(text)
    if address is None:
        raise invalid_field("client.ip", "this is not an IP address")
    if address.version == 4:
        return f"{str(address).rpartition('.')[0]}.0/24"
    return str(ipaddress.ip_network((address, 48), strict=False))


def is_address(text: str) -> bool:
    """Whether this is an IP address."""
    return _address(text) is not None


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Addresses and CIDR blocks; ValueError names the one that can't be read."""
    found = []
    for text in texts:
        try:
            found.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError:
            raise ValueError(f"{text.strip()[:50]!r} is neither an address nor a CIDR block") from None
    return tuple(found)


def within(text: str, blocks: Sequence[Network]) -> bool:
    """Whether the address lies in one of the blocks."""
    address = _address(text)
    return address is not None and any(address in block for block in blocks if block.version == address.version)


def real_address(peer: str, forwarded_for: str | None, trusted: Sequence[Network]) -> str:
    """The rightmost address that no trusted proxy vouches for; X-Forwarded-For counts only behind a trusted peer."""
    if not forwarded_for or not within(peer, trusted):
        return peer
    for hop in reversed([part.strip() for part in forwarded_for.split(",")]):
        if _address(hop) is None:
            return peer
        peer = hop
        if not within(hop, trusted):
            return hop
    return peer


@lru_cache(maxsize=256)  # a request asks for its client's address several times
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
