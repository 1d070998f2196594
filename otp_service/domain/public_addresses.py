"""Where this service may be made to connect to: public addresses only, however they are written.

Sources: the IANA special-purpose address registries for IPv4 and IPv6 (iana.org/assignments/iana-ipv4-special-registry
and -ipv6-), RFC 6052 (NAT64), RFC 3056 (6to4). Own tables, since what Python's `is_global` says differs by release and
calls multicast global.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from otp_service.domain.addresses import Network, networks

MOST_URL = 2048
_V4 = networks(
    (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers; some clouds' metadata too
        "127.0.0.0/8",
        "168.63.129.16",  # Azure's own agent, on every machine there
        "169.254.0.0/16",  # link-local; metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_V6_UNICAST = ipaddress.ip_network("2000::/3")
_V6 = networks(("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20"))  # Teredo is within the first
_6TO4 = ipaddress.ip_network("2002::/16")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(text: str) -> bool:
    """Whether the address is one of the internet's; an IPv4 address inside an IPv6 one is judged for itself."""
    address = ipaddress.ip_address(text)
    inner = _inner(address)
    if inner.version == 4:
        return not any(inner in block for block in _V4)
    return inner in _V6_UNICAST and not any(inner in block for block in _V6)


def _inner(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _6TO4:
        return address.sixtofour or address
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else address


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads: the rest of it goes to whoever answers there."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a webhook may reach: the internet, what the operator allows besides, and in development this host."""

    allowed: tuple[Network, ...] = ()
    development: bool = False

    def target(self, url: str) -> Target:
        """Where the URL leads; ValueError says, without repeating it, why it may not be called."""
        target = _target(url)
        if target.scheme != "https" and not self.development:
            raise ValueError("must begin with https://")
        address = _literal(target.host)
        if address is not None:
            self.judge(target, [str(address)])
        return target

    def judge(self, target: Target, addresses: Sequence[str]) -> None:
        """Refuses, by ValueError, a host of which a single address is out of reach."""
        if not addresses:
            raise ValueError("the host has no address")
        for text in addresses:
            if not self._permits(target.scheme, text):
                raise ValueError("the host has an address that is not public")

    def _permits(self, scheme: str, text: str) -> bool:
        inner = _inner(ipaddress.ip_address(text))
        if self.development and inner.is_loopback:
            return True
        if scheme != "https":
            return False
        return is_public(text) or any(inner in block for block in self.allowed if block.version == inner.version)


def _target(url: str) -> Target:
    if len(url) > MOST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError(f"must be a URL of at most {MOST_URL} visible ASCII characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme not in ("https", "http"):
        raise ValueError("must begin with https://")
    if "@" in parts.netloc or parts.fragment or not parts.hostname or port == 0:
        raise ValueError("must have a host, and neither a user, a password nor a fragment")
    host = parts.hostname
    if _literal(host) is None and not all(_LABEL.fullmatch(label) for label in host.removesuffix(".").split(".")):
        raise ValueError("must have a host name in ASCII; write others in punycode (xn--)")
    return Target(parts.scheme, host, port or {"https": 443, "http": 80}[parts.scheme])


def _literal(host: str) -> Address | None:
    """The address that a host is; ValueError for one in a spelling of its own (127.1, 0x7f.1, 0177.0.0.1)."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    # As in the URL standard (url.spec.whatwg.org, "ends in a number"): no name ends so, resolvers take it for numbers.
    if ":" in host or _NUMBER.fullmatch(host.removesuffix(".").rpartition(".")[2]):
        raise ValueError("must write an address as four decimal numbers, or in brackets")
    return None
