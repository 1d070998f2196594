"""User data headers, built and parsed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.text.gsm7 import encode, pack, unpack
from otp_service.domain.text.udh import Concatenation, Header, build, fill_bits, parse

concatenations = st.builds(
    lambda reference, parts, part, wide: Concatenation(reference, max(parts, part), part, wide),
    st.integers(0, 255),
    st.integers(1, 255),
    st.integers(1, 255),
    st.booleans(),
)
headers = st.builds(Header, st.none() | concatenations, st.integers(0, 13), st.integers(0, 13))


@given(headers.filter(build), st.binary(min_size=1, max_size=20))
def test_a_header_comes_back(header: Header, text: bytes) -> None:
    """What is built is parsed to the same, whatever follows it, and its length is told."""
    octets = build(header)
    assert parse(octets + text) == (header, len(octets))


def test_the_octets_are_those_of_the_standard() -> None:
    """A concatenation takes 6 octets with an 8-bit reference and 7 with a 16-bit one; a table takes three more."""
    assert build(Header(Concatenation(0xA5, 3, 2))).hex() == "050003a50302"
    assert build(Header(Concatenation(0xA55A, 3, 2, wide=True))).hex() == "060804a55a0302"
    assert build(Header(locking=1, single=1)).hex() == "06240101250101"
    assert build(Header()) == b""


def test_the_first_septet_is_aligned_behind_the_header() -> None:
    """Behind 6 octets one bit is filled and behind 7 none, so that 153 and 152 septets fit in 140 octets."""
    assert (fill_bits(6), fill_bits(7)) == (1, 0)
    for octets, room in ((6, 153), (7, 152)):
        assert octets + len(pack(encode("a" * room), fill_bits(octets))) == 140
        assert octets + len(pack(encode("a" * (room + 1)), fill_bits(octets))) > 140
    assert unpack(pack(b"\x41", fill_bits(6)), 1, fill_bits(6)) == b"\x41"


@pytest.mark.parametrize("octets", ["", "05", "050003a503", "03000301ff", "010101", "03240200ff"])
def test_a_header_that_does_not_fit_is_refused(octets: str) -> None:
    """A header or an element that is longer than what is there is an error and no guess."""
    with pytest.raises(ValueError, match="header"):
        parse(bytes.fromhex(octets))


@pytest.mark.parametrize("octets", ["050003a50300", "050003a50304", "050003a50001", "04000203010a", "04240200ff"])
def test_what_makes_no_sense_in_a_header_is_ignored(octets: str) -> None:
    """A part 0, a part beyond the last, none at all, or an element of another length say nothing."""
    assert parse(bytes.fromhex(octets) + b"text")[0] == Header()


def test_unknown_elements_are_skipped_and_the_last_of_two_counts() -> None:
    """A port number is passed over, and a second concatenation replaces the first."""
    header, length = parse(bytes.fromhex("100504158a00000003010201" + "0003020202") + b"x")
    assert (header.concatenation, length) == (Concatenation(2, 2, 2), 17)


@pytest.mark.parametrize(("reference", "parts", "part"), [(256, 2, 1), (-1, 2, 1), (0, 2, 3), (0, 0, 0), (0, 256, 1)])
def test_a_concatenation_that_cannot_be_is_none(reference: int, parts: int, part: int) -> None:
    """A reference of more than its bits, a part beyond the last, and more than 255 parts can't be built."""
    with pytest.raises(ValueError, match="255"):
        Concatenation(reference, parts, part)
