"""Trust tokens: of use to one bearer, in one spelling."""

from dataclasses import replace
from string import ascii_letters, digits

import pytest

from otp_service.domain.factors.trust import Bearer, Trust, read, token
from otp_service.domain.keys import b64, unb64

KEY = b"k" * 32
ANA = Bearer("app_1", "user-index", "phone-1")
TRUST = Trust("dev_" + "a" * 22, 1_800_000_000_000)
TOKEN = token(KEY, ANA, TRUST)
HEAD, SEAL = TOKEN.rsplit(".", 1)


def test_a_token_is_read_by_its_bearer() -> None:
    """It names a row that can be revoked, and its end."""
    assert read(KEY, ANA, TOKEN) == TRUST


@pytest.mark.parametrize(
    "other",
    [
        replace(ANA, realm="app_2"),
        replace(ANA, realm="app_1/test"),
        replace(ANA, user_index="other-index"),
        replace(ANA, device_id="phone-2"),
        # The same letters in a row, parted elsewhere.
        Bearer("app_1u", "ser-index", "phone-1"),
        Bearer("app_1", "user-indexp", "hone-1"),
        Bearer("app_1", "user-index", ""),
    ],
)
def test_nobody_else_can_show_it(other: Bearer) -> None:
    """Another realm, user or device, however their names are put together, makes nothing of it."""
    assert read(KEY, other, TOKEN) is None


def test_no_other_key_makes_one() -> None:
    """Whoever lacks the key can't sign."""
    assert read(KEY, ANA, token(b"x" * 32, ANA, TRUST)) is None


def test_a_changed_token_is_none() -> None:
    """Neither its end nor its row nor its seal can be changed."""
    later, other = f"{TRUST.id}.{TRUST.expires_ms + 1}.{SEAL}", f"dev_{'b' * 22}.{TRUST.expires_ms}.{SEAL}"
    moved = f"{TRUST.id}{str(TRUST.expires_ms)[0]}.{str(TRUST.expires_ms)[1:]}.{SEAL}"
    flipped = b64(bytes([unb64(SEAL)[0] ^ 1]) + unb64(SEAL)[1:])
    assert [read(KEY, ANA, each) for each in (later, other, moved, f"{HEAD}.{flipped}")] == [None] * 4


def test_a_token_has_one_spelling() -> None:
    """Bits that base64 leaves unused, noughts in front, spaces, and what is no token at all are refused."""
    noughts = f"{TRUST.id}.0{TRUST.expires_ms}.{SEAL}"
    odd = ["", ".", TOKEN + "=", TOKEN + "\n", " " + TOKEN, HEAD, noughts, TOKEN.replace(".18", ".１８"), TOKEN * 2]
    twins = [TOKEN[:-1] + each for each in f"{ascii_letters}{digits}-_" if each != TOKEN[-1]]
    assert any(unb64(each.rpartition(".")[2]) == unb64(SEAL) for each in twins)
    assert {read(KEY, ANA, each) for each in odd + twins} == {None}
