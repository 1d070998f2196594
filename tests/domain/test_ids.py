"""Verification ids name their keys and say whose they are."""

import re
import secrets

import pytest

from otp_service.domain.ids import (
    Address,
    address,
    address_of,
    is_of,
    message_id,
    read_verification_id,
    verification_id,
)
from otp_service.domain.keys import unb64

KEY = b"i" * 32
TO = "+41791234567"
AT = address(KEY, "app_1", TO, "login")


def fresh(realm: str = "app_1") -> str:
    return verification_id(KEY, realm, AT, secrets.token_bytes(16))


def test_an_id_leads_back_to_its_address() -> None:
    """Whoever holds the index key reads subject and tag off an id, without a look-up."""
    id_ = fresh()
    assert read_verification_id(KEY, "app_1", id_) == AT == address_of(id_)


def test_an_id_looks_the_same_and_is_long_enough() -> None:
    """`ver_` and 48 URL-safe symbols, 128 bits of them random."""
    ids = {fresh() for _ in range(2000)}
    assert len(ids) == 2000
    assert all(re.fullmatch(r"ver_[A-Za-z0-9_-]{48}", id_) for id_ in ids)


@pytest.mark.parametrize("position", range(4, 52))
def test_a_forged_id_is_none_of_ours(position: int) -> None:
    """Changing any symbol of an id makes it unreadable."""
    id_ = fresh()
    other = "A" if id_[position] != "A" else "B"
    assert read_verification_id(KEY, "app_1", id_[:position] + other + id_[position + 1 :]) is None


def test_a_foreign_id_is_none_of_ours() -> None:
    """An id of another application, or of its test keys, can't be read."""
    assert read_verification_id(KEY, "app_2", fresh()) is None
    assert read_verification_id(KEY, "app_1/test", fresh()) is None
    assert read_verification_id(b"o" * 32, "app_1", fresh()) is None


@pytest.mark.parametrize("spoil", ["", "ver_", "VER_{}", "{}=", " {}", "{}\n", "msg_{}", "{}A", "ver_" + "é" * 48])
def test_a_malformed_id_is_none_of_ours(spoil: str) -> None:
    """Anything that does not look exactly like an id is none."""
    assert read_verification_id(KEY, "app_1", spoil.format(fresh())) is None


def test_an_id_has_one_spelling() -> None:
    """The other base64 alphabet does not spell the same id again."""
    id_ = next(id_ for id_ in (fresh() for _ in range(1000)) if "-" in id_[4:] and "_" in id_[4:])
    assert read_verification_id(KEY, "app_1", id_.replace("-", "+")) is None
    assert read_verification_id(KEY, "app_1", "ver_" + id_[4:].replace("_", "/")) is None


def test_addresses_tell_realm_number_and_purpose_apart() -> None:
    """Applications, numbers and purposes never share an address; purposes share the subject."""
    others = [
        address(KEY, "app_2", TO, "login"),
        address(KEY, "app_1/test", TO, "login"),
        address(KEY, "app_1", "+41791234568", "login"),
    ]
    assert len({AT.subject, *(other.subject for other in others)}) == 4
    payment = address(KEY, "app_1", TO, "payment")
    assert payment.subject == AT.subject
    assert payment.tag != AT.tag


def test_an_address_knows_its_purpose() -> None:
    """Which purpose an id was opened for can be asked without a look-up."""
    assert is_of(AT, "login")
    assert not is_of(AT, "payment")


def test_subjects_spread_over_the_cells() -> None:
    """Numbers fill all cells about evenly, and a subject always finds its own."""
    cells = [address(KEY, "app_1", f"+4179123{n:04d}", "login").cell(8) for n in range(4000)]
    counts = [cells.count(cell) for cell in range(8)]
    assert set(cells) == set(range(8))
    assert max(counts) < 620
    assert Address(b"\xff" * 12, b"tttt").cell(1) == 0


def test_message_ids_hold_128_random_bits() -> None:
    """A message's id is as hard to guess as a key."""
    random = secrets.token_bytes(16)
    assert unb64(message_id(random).removeprefix("msg_")) == random
