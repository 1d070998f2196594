"""The GSM 7-bit codec, its packing and the national tables, against gsm0338, smsutil and gsmcodecs."""

import gsm0338
import pytest
import smsutil
from gsmcodecs.charmaps import GSMCHARMAPS
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.text.gsm7 import BASIC, ESCAPE, EXTENSION, GSM7, decode, encode, pack, unpack
from otp_service.domain.text.shift_tables import BLANK, LOCKING
from otp_service.domain.text.single_shifts import SINGLE

gsm_texts = st.text(st.sampled_from(sorted(GSM7)), max_size=300)
septets = st.binary(max_size=200).map(lambda octets: bytes(octet & 0x7F for octet in octets))

GSM0338 = gsm0338.Codec()


@given(gsm_texts)
def test_septets_are_those_of_gsm0338_and_smsutil(text: str) -> None:
    """A text has the same septets in two independent libraries, and comes back from them."""
    assert encode(text) == GSM0338.encode(text)[0]
    assert not text or encode(text) == smsutil.encode(text)
    assert decode(encode(text)) == text


@given(st.text(max_size=60))
def test_a_text_is_encoded_if_and_only_if_its_characters_are_in_the_alphabet(text: str) -> None:
    """What is not in the alphabet is refused, never replaced."""
    if GSM7.issuperset(text):
        assert decode(encode(text)) == text
    else:
        with pytest.raises(ValueError, match="alphabet"):
            encode(text)


@given(septets, st.integers(0, 6))
def test_packed_septets_come_back(found: bytes, fill_bits: int) -> None:
    """Eight septets take seven octets, behind any number of fill bits, and come back the same."""
    octets = pack(found, fill_bits)
    assert len(octets) == -(-(7 * len(found) + fill_bits) // 8)
    assert unpack(octets, len(found), fill_bits) == found


def test_septets_are_packed_as_the_standard_shows() -> None:
    """The first septet lies in the lowest bits: "hellohello" is the well-known E8329BFD4697D9EC37."""
    assert pack(encode("hellohello")).hex() == "e8329bfd4697d9ec37"


def test_octets_that_are_too_few_are_refused() -> None:
    """A count of septets that the octets can't hold is an error and no guess."""
    with pytest.raises(ValueError, match="fewer"):
        unpack(b"\x00", 2)


@given(septets, st.integers(0, 20), st.integers(0, 20))
def test_any_septets_are_read_under_any_tables(found: bytes, locking: int, single: int) -> None:
    """Whatever arrives is read: a character for each septet but those of an escape."""
    assert len(found) // 2 <= len(decode(found, locking, single)) <= len(found)


def test_an_escape_that_leads_nowhere_is_read_as_the_standard_says() -> None:
    """After an escape what the extension lacks is read in the main table; a last or a second escape is a space."""
    assert decode(b"\x1ba") == "a"
    assert decode(b"\x1b\x1b") == " "
    assert decode(b"\x1b") == " "


# Where gsmcodecs reads the standard otherwise: an apostrophe for the comma of the tables of South Asia, and the two
# places in which phones and the standard differ (shift_tables.py).
COMMAS = {(language, 0x2C) for language in range(4, 14)}
KANNADA_DDA, TELUGU_EURO = (7, 0x24), (12, 0x65)


@pytest.mark.parametrize("language", sorted(LOCKING))
def test_a_locking_table_is_that_of_gsmcodecs(language: int) -> None:
    """Each locking shift table agrees with a second reading of the standard, but for the places that are named."""
    theirs = GSMCHARMAPS[language]["locking"]["decode"]
    ours = {at: ord(character) for at, character in enumerate(LOCKING[language]) if character not in (BLANK, "\x1b")}
    differing = {(language, at) for at in {*ours, *theirs} - {ESCAPE} if ours.get(at) != theirs.get(at)}
    assert differing == {place for place in {*COMMAS, KANNADA_DDA} if place[0] == language}


@pytest.mark.parametrize("language", sorted(SINGLE))
def test_a_single_shift_table_is_that_of_gsmcodecs(language: int) -> None:
    """Each single shift table agrees with a second reading of the standard, but for the euro in Telugu."""
    theirs = GSMCHARMAPS[language]["singleShift"]["decode"]
    ours = {at: ord(character) for at, character in SINGLE[language].items()}
    differing = {(language, at) for at in {*ours, *theirs} - {ESCAPE, 0x0D} if ours.get(at) != theirs.get(at)}
    assert differing == {place for place in {TELUGU_EURO} if place[0] == language}


def test_there_are_tables_for_thirteen_languages() -> None:
    """Turkish to Urdu are 1 to 13; Spanish has no locking table."""
    assert set(SINGLE) == set(range(1, 14))
    assert set(LOCKING) == set(range(1, 14)) - {2}
    assert {len(table) for table in LOCKING.values()} == {128}


@pytest.mark.parametrize(
    ("found", "locking", "single", "text"),
    [
        (b"\x0b\x0c \x1bi", 1, 1, "Ğğ ı"),
        (b"a\x1bo", 0, 2, "aó"),
        (b"\x08\x07", 3, 3, "óí"),
        (b"\x15M\x51\x1b\x1c", 6, 6, "कहि०"),
        (b"\x00\x02", 13, 13, "اب"),
        (b"\x24", 7, 7, "ಡ"),
        (b"\x1be", 12, 12, "€"),
    ],
)
def test_words_of_those_languages_are_read(found: bytes, locking: int, single: int, text: str) -> None:
    """Turkish, Spanish, Portuguese, Hindi, Urdu, Kannada and Telugu septets become their letters."""
    assert decode(found, locking, single) == text


def test_the_alphabet_is_the_one_of_the_standard() -> None:
    """The basic table has 127 characters beside the escape and the extension ten; ç, ` and á are in neither."""
    assert (len(BASIC), len(EXTENSION)) == (127, 10)
    assert set("@£$¥èéùìòÇØøÅåÆæßÉ¤¡ÄÖÑÜ§¿äöñüà\n\r") <= BASIC
    assert not GSM7 & set("ç`áíóúêãõÈÀ’“–\u00a0\t")
