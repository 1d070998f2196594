"""The scopes of the brake: whose debt a send is, each named by a keyed digest but the country."""

from functools import lru_cache, partial
from typing import NamedTuple

import phonenumbers

from otp_service.domain.addresses import client_network
from otp_service.domain.keys import b64, mac

BLOCK_DIGITS = 4  # a block is ten thousand numbers
PREFIX_DIGITS = 7  # an operator's prefix is ten million, and at least two digits of the national number
LEAST_PREFIX = 2
DIGEST_BYTES = 9


class Scopes(NamedTuple):
    """The scopes of one send; `network` is empty where the client's address is not known."""

    number: str
    block: str
    prefix: str
    country: str
    network: str


@lru_cache(maxsize=1024)
def operator_prefix(e164: str) -> str:
    """The beginning of a number by which its operator is likely to be known: `+4179` of `+41791234567`."""
    least = 1 + _country_code_digits(e164[1:]) + LEAST_PREFIX
    return e164[: max(least, len(e164) - PREFIX_DIGITS)]


def prefix_of_block(block: str) -> str:
    """The operator's prefix of a block as the ledger keeps it; of one that isn't known itself."""
    return operator_prefix(block + "0" * BLOCK_DIGITS) if block.startswith("+") else block


def scopes_of(index_key: bytes, realm: str, e164: str, country: str, ip: str | None) -> Scopes:
    """The scopes of a send to this number from this address."""
    digest = partial(scope_digest, index_key, realm)
    network = digest("network", client_network(ip)) if ip else ""
    block, prefix = e164[:-BLOCK_DIGITS], operator_prefix(e164)
    return Scopes(
        digest("number", e164), digest("block", block), _of_prefix(index_key, realm, prefix), country, network
    )


def scope_digest(index_key: bytes, realm: str, kind: str, value: str) -> str:
    """By what a scope is named without being readable."""
    return b64(mac(index_key, "fraud", kind, realm, value)[:DIGEST_BYTES])


@lru_cache(maxsize=1024)  # ten million numbers share it
def _of_prefix(index_key: bytes, realm: str, prefix: str) -> str:
    return scope_digest(index_key, realm, "prefix", prefix)


def _country_code_digits(digits: str) -> int:
    known = (n for n in (1, 2, 3) if int(digits[:n]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
    return next(known, 3)
