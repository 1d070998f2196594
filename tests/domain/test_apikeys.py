"""API keys."""

import re
import secrets

import pytest

from otp_service.domain.apikeys import hashed, make, matches, read


def fresh(test: bool = False) -> tuple[str, str]:
    return make(test, secrets.token_bytes(16), secrets.token_bytes(32))


@pytest.mark.parametrize("test", [False, True])
def test_a_key_reads_back_as_it_was_made(test: bool) -> None:
    """Id, secret and kind stand in the key's text, 256 random bits in the secret."""
    id_, text = fresh(test)
    presented = read(text)
    assert presented
    assert (presented.id, presented.test) == (id_, test)
    assert re.fullmatch(r"otp_(live|test)_\w{22}_\w{43}_\w{6}", text)
    assert matches(presented.secret, hashed(presented.secret))


def test_keys_differ() -> None:
    """No two keys share id or secret."""
    keys = [read(fresh()[1]) for _ in range(500)]
    assert len({key.id for key in keys if key}) == len({key.secret for key in keys if key}) == 500


@pytest.mark.parametrize("position", [5, 12, 40, 70, 80])
def test_a_mistyped_key_fails_its_checksum(position: int) -> None:
    """One wrong symbol anywhere makes a key unreadable."""
    text = fresh()[1]
    assert read(text[:position] + ("A" if text[position] != "A" else "B") + text[position + 1 :]) is None


@pytest.mark.parametrize(
    "text", ["", "otp", "otp_live_a_b_c", "otp_live____", "sk_live_x_y_z", "otp_live_é_b_c", "_" * 9]
)
def test_what_is_no_key_reads_as_none(text: str) -> None:
    """Other tokens are told apart without asking anybody."""
    assert read(text) is None


def test_only_a_hash_is_stored() -> None:
    """The secret can't be read off what is stored, and another secret does not match."""
    assert "secret" not in hashed("secret")
    assert not matches("secreT", hashed("secret"))
