"""The service's own format, which may lie on a disk."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otp_service.domain.factors.files.rows import Asked, BadFile, Entry, Given
from tests.domain.factors.files.made import GIVEN, PASSPHRASE, RFC_SECRET, entries, found, read, written

ANA = Entry("ana", "totp", RFC_SECRET, label="Ana's phone", issuer="Shop", counter=57_000_000, drift=-2)
BEA = Entry("bea", "hotp", RFC_SECRET, "SHA512", 8, None, 41)


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    """A file of two factors, line by line."""
    return written("sealed", [ANA, BEA]).splitlines(keepends=True)


def test_everything_comes_back(lines: list[bytes]) -> None:
    """This format alone carries labels, drift and the newest step."""
    assert found("sealed", b"".join(lines)) == [ANA, BEA]


@settings(max_examples=20)
@given(st.lists(entries, max_size=4), st.text(max_size=20))
def test_factors_go_out_and_come_back(some: list[Entry], user: str) -> None:
    """Every factor is read as it was written, whatever its user's name has in it."""
    more = [replace(each, user=f" {each.user}\n{user}") for each in some]
    assert found("sealed", written("sealed", more)) == more


def test_a_file_shows_nothing(lines: list[bytes]) -> None:
    """No user, secret or label can be read off a file, only how many lines it has."""
    file = b"".join(lines)
    assert not [word for word in (b'"ana"', b'"bea"', b'"Shop"', RFC_SECRET, RFC_SECRET.hex().encode()) if word in file]
    assert set(json.loads(lines[0])) == {"format", "version", "kdf", "n", "r", "p", "salt"}


def test_another_passphrase_opens_nothing(lines: list[bytes]) -> None:
    """A wrong passphrase is told at the first factor."""
    with pytest.raises(BadFile, match="line 2: this does not open: the passphrase is another one"):
        read("sealed", b"".join(lines), Asked("correct horse batterz"))


@pytest.mark.parametrize(
    "changed",
    [
        lambda lines: [lines[0], lines[2], lines[1], lines[3]],
        lambda lines: [lines[0], lines[1], lines[3]],
        lambda lines: [lines[0], lines[2], lines[3]],
        lambda lines: lines[:3],
        lambda lines: lines[:1],
        lambda lines: [*lines, lines[3]],
        lambda lines: [*lines[:3], lines[2], lines[3]],
        lambda lines: [lines[0].replace(b": 1024", b": 2048"), *lines[1:]],
        lambda lines: [lines[0].replace(b"}", b', "more": 1}'), *lines[1:]],
        lambda lines: [lines[0], *written("sealed", [ANA], Given(PASSPHRASE, bytes(16), 2**10)).splitlines()[1:]],
    ],
    ids=["swapped", "one gone", "first gone", "no end", "head alone", "goes on", "one twice", "cost", "head", "mixed"],
)
def test_what_was_changed_is_refused(lines: list[bytes], changed: object) -> None:
    """Lines that were swapped, left out, added or taken from another file are refused."""
    with pytest.raises(BadFile):
        read("sealed", b"".join(line.rstrip() + b"\n" for line in changed(lines)))  # type: ignore[operator]


def test_every_bit_counts(lines: list[bytes]) -> None:
    """No byte of a factor can be changed."""
    second = bytearray(lines[1])
    for place in range(1, len(second) - 2, 7):
        damaged = bytes(second[:place] + bytes([second[place] ^ 1]) + second[place + 1 :])
        with pytest.raises(BadFile):
            read("sealed", lines[0] + damaged + b"".join(lines[2:]))


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"[]\n",
        b"{\n",
        b'{"format": "otp-service-factors", "version": 2}\n',
        b'{"format": "otp-service-factors", "version": 1, "kdf": "scrypt", "n": 1073741824, "r": 8, "p": 1, "salt": "AAAAAAAAAAAAAAAAAAAAAA"}\n',  # noqa: E501
        b'{"format": "otp-service-factors", "version": 1, "kdf": "scrypt", "n": 1025, "r": 8, "p": 1, "salt": "AAAAAAAAAAAAAAAAAAAAAA"}\n',  # noqa: E501
        b'{"format": "otp-service-factors", "version": 1, "kdf": "scrypt", "n": 1024, "r": 8, "p": 1, "salt": "AA"}\n',
    ],
)
def test_a_head_can_ask_for_no_more_than_it_needs(head: bytes) -> None:
    """A head of another release, or one that would cost gigabytes, is refused before anything is computed."""
    with pytest.raises(BadFile, match="line 1"):
        read("sealed", head)


def test_a_short_passphrase_is_refused() -> None:
    """Twelve characters are the least: whoever finds the file has all the time in the world."""
    with pytest.raises(BadFile, match="12 characters or more"):
        written("sealed", [ANA], replace(GIVEN, passphrase="short"))


def test_an_empty_export_is_an_export() -> None:
    """Head and trailer alone are a whole file."""
    assert found("sealed", written("sealed", [])) == []
