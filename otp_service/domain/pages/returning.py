"""Where a page may lead back to: hosts of the policy over https; in development also this very machine over http."""

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl

# Only what RFC 3986 allows: no user, no fragment, nothing that a browser would read differently than we do.
_HOST = r"[a-z0-9.-]{1,120}"
_REST = r"(?:/[A-Za-z0-9/_.~!$&'()*+,;=:@%-]*)?"
_QUERY = r"(?:\?[A-Za-z0-9/_.~!$&'()*+,;=:@%?-]*)?"
_URL = re.compile(rf"(https?)://({_HOST})(?::([0-9]{{1,5}}))?({_REST}{_QUERY})")
_LOOPBACK = frozenset({"localhost", "127.0.0.1"})  # not [::1]: a Content-Security-Policy can't name it
OURS = ("state", "result")  # what we add to its query


class Place(NamedTuple):
    """An address that was read: its origin as browsers write it, and its host as policies do."""

    origin: str
    host: str
    loopback: bool


def place_of(url: str) -> Place | None:
    """The place of an address; None for one that no browser would read as it stands."""
    found = _URL.fullmatch(url)
    if found is None:
        return None
    scheme, name, port, _ = found.groups()
    standard = {"https": "443", "http": "80"}[scheme]
    host = f"{name}:{port}" if port and port != standard else name
    loopback = name in _LOOPBACK
    return Place(f"{scheme}://{host}", host, loopback) if scheme == "https" or loopback else None


def is_allowed(url: str, hosts: Sequence[str], *, production: bool) -> bool:
    """Whether a page may lead there."""
    place = place_of(url)
    if place is None:
        return False
    if place.loopback:
        return not production
    return place.host in hosts


def names_ours(url: str) -> bool:
    """Whether its query holds a parameter that we add ourselves: which of the two would be believed?"""
    return any(name in OURS for name, _ in parse_qsl(url.partition("?")[2], keep_blank_values=True))
