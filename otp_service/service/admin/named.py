"""What a block or an allow can name: as an admin writes it, as the ledger keeps it, and as people read it."""

import re
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_network
from typing import NamedTuple

import phonenumbers

from otp_service.domain.addresses import counted_network, is_address
from otp_service.domain.errors import invalid_field
from otp_service.domain.keys import NONCE_BYTES
from otp_service.domain.lookalikes import masked
from otp_service.domain.phone import mask
from otp_service.ledger.applications import Application
from otp_service.ledger.blocks import Block, Kind
from otp_service.service.admin.fields import number, words
from otp_service.service.core import Core, random_bytes
from otp_service.service.destination import number_index, user_index
from otp_service.service.sealed import number_in_ledger

MOST_USER = 128
MAPPED_BITS = 96  # of IPv6 before an IPv4 address that is written as IPv6 (RFC 4291, 2.5.5.2)
WIDEST = {4: 8, 6: 16}  # a wider network is a slip of the pen
COUNTRIES = frozenset(phonenumbers.SUPPORTED_REGIONS) | {phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY}
_PREFIX = re.compile(r"\+?([1-9][0-9]{0,14})", re.ASCII)


class Kept(NamedTuple):
    """What a row holds: a value, and sealed what only its index stands for."""

    value: str
    to_sealed: str | None = None


def kept(core: Core, kind: Kind, value: str, of: Application | None) -> Kept:
    """What the ledger keeps of a value; Refusal invalid_field if it is none of its kind."""
    return _KEPT[kind](core, value, of)


def shown(core: Core, row: Block) -> str:
    """What a row names, fit for people's eyes: numbers masked, users that are called by one too, the rest as meant."""
    return _said(core, row, whole=False)


def whole(core: Core, row: Block) -> str:
    """What a row names, numbers in full; empty once its key has left the ring."""
    return _said(core, row, whole=True)


def _said(core: Core, row: Block, *, whole: bool) -> str:
    if row.kind == "prefix":
        return f"+{row.value}"
    if row.kind not in ("number", "user"):
        return row.value
    opened = number_in_ledger(core, row.to_sealed, row.value) or ""
    if whole:
        return opened
    return masked(opened) if row.kind == "user" else mask(opened)


def naming(
    core: Core, of: Application | None, to: str | None, ip: str | None, user: str | None
) -> dict[Kind, Sequence[str]]:
    """Every value by which a row can name this number, address or user."""
    found: dict[Kind, Sequence[str]] = {}
    if to is not None:
        meant = number("to", to, of.policy.default_region if of else None)
        digits = meant.e164[1:]
        found |= {
            "number": [number_index(core, meant.e164)],
            "prefix": [digits[:end] for end in range(1, len(digits) + 1)],
            "country": [meant.country],
        }
    if ip is not None:
        address = _address("ip", ip)
        found |= {"ip": [address], "network": networks_around(ip)}
    if user is not None:
        found["user"] = [user_index(core, _owned("application", of).id, user)]
    return found


def networks_around(ip: str) -> list[str]:
    """Every network that an address lies in, as rows spell them."""
    own = ip_network(ip)
    mapped = getattr(own.network_address, "ipv4_mapped", None)
    own = ip_network(mapped) if mapped else own
    return [str(own.supernet(new_prefix=length)) for length in range(own.prefixlen + 1)]


def _number(core: Core, value: str, of: Application | None) -> Kept:
    e164 = number("value", value, of.policy.default_region if of else None).e164
    index = number_index(core, e164)
    return Kept(index, _sealed(core, e164, index))


def _user(core: Core, value: str, of: Application | None) -> Kept:
    words("value", value, least=1, most=MOST_USER)
    index = user_index(core, _owned("application", of).id, value)
    return Kept(index, _sealed(core, value, index))


def _prefix(core: Core, value: str, of: Application | None) -> Kept:
    found = _PREFIX.fullmatch(value)
    if found is None:
        raise invalid_field("value", "a prefix is the country code and maybe more digits, for instance +88213")
    return Kept(found[1])


def _country(core: Core, value: str, of: Application | None) -> Kept:
    if value not in COUNTRIES:
        raise invalid_field("value", "a country is its ISO 3166 code, for instance CH; 001 is no country's")
    return Kept(value)


def _ip(core: Core, value: str, of: Application | None) -> Kept:
    alone = value.removesuffix("/64") if ":" in value else value  # as which an IPv6 address is kept and goes out
    return Kept(_address("value", alone))


def _network(core: Core, value: str, of: Application | None) -> Kept:
    try:
        network = ip_network(value, strict=False)
        mapped = getattr(network.network_address, "ipv4_mapped", None)
        if mapped:
            network = ip_network((mapped, network.prefixlen - MAPPED_BITS), strict=False)
        if "%" in value:
            raise ValueError("a zone is of one machine alone")
    except ValueError:
        raise invalid_field("value", "a network is a CIDR block, for instance 203.0.113.0/24") from None
    if network.prefixlen < WIDEST[network.version]:
        raise invalid_field("value", "this is a large part of the internet; the widest are /8, and /16 of IPv6")
    return Kept(str(network))


def _address(field: str, value: str) -> str:
    if not is_address(value):
        raise invalid_field(field, "this is not an IP address")
    return counted_network(value)


def _owned(field: str, of: Application | None) -> Application:
    if of is None:
        raise invalid_field(field, "a user is of one application: say which")
    return of


def _sealed(core: Core, text: str, index: str) -> str:
    return core.ring.seal(text.encode(), index, random_bytes(NONCE_BYTES))


_KEPT: Mapping[Kind, Callable[[Core, str, Application | None], Kept]] = {
    "number": _number,
    "prefix": _prefix,
    "country": _country,
    "ip": _ip,
    "network": _network,
    "user": _user,
}
