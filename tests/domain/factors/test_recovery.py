"""Recovery codes: 80 bits each, one spelling each, found again by a keyed hash."""

import re

import pytest

from otp_service.domain.factors import recovery


def test_ten_codes_of_eighty_bits_are_made() -> None:
    """A hundred random bytes give ten codes of sixteen letters and digits; no byte is used twice."""
    codes = recovery.new_codes(bytes(range(100)))
    assert len(set(codes)) == recovery.COUNT
    assert all(re.fullmatch(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", code) for code in codes)


@pytest.mark.parametrize(
    "typed", ["ABCD-EFGH-IJKL-MN27", "abcd-efgh-ijkl-mn27", "ABCDEFGHIJKLMN27", "abcdEFGH-ijklMN27"]
)
def test_a_code_has_one_spelling(typed: str) -> None:
    """Hyphens and capitals are as one likes."""
    assert recovery.normal(typed) == "ABCDEFGHIJKLMN27"


@pytest.mark.parametrize(
    "typed",
    [
        *("", "ABCD", "ABCD EFGH IJKL MN27", "ABCD-EFGH-IJKL-MN27 ", "ABCD-EFGH-IJKL-MN28", "ABCD--EFGH-IJKL-MN27"),
        *("-ABCDEFGHIJKLMN27", "ＡBCDEFGHIJKLMN27", "ABCDEFGHIJKLMN2７", "ABCD-EFGH-IJKL-MN27\n", "ſBCDEFGHIJKLMN27"),
    ],
)
def test_what_is_no_code_has_none(typed: str) -> None:
    """White space, other alphabets and other lengths are no code."""
    assert recovery.normal(typed) is None


def test_a_hash_is_of_one_factor_and_key() -> None:
    """The same code of another factor, or under another key, has another hash."""
    hashes = {
        recovery.code_hash(key, factor, "A" * 16) for key in (b"k" * 32, b"l" * 32) for factor in ("fac_1", "fac_2")
    }
    assert len(hashes) == 4
