"""Encoding, units and segments, against a second way of counting them: laying the units out and cutting."""

from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.text.gsm7 import EXTENSION, GSM7
from otp_service.domain.text.size import ROOM, measure

gsm_texts = st.text(st.sampled_from(sorted(GSM7)), max_size=500)
any_texts = st.text(max_size=250) | st.text(st.sampled_from("a€漢😀"), max_size=250)


def laid_out(text: str) -> list[str]:
    """The units of a text, each marked with the character it belongs to and its place in it."""
    if set(text) <= GSM7:
        return [unit for char in text for unit in (["escape", "escaped"] if char in EXTENSION else ["plain"])]
    return [unit for char in text for unit in (["high", "low"] if len(char.encode("utf-16-le")) == 4 else ["plain"])]


def cut(units: list[str], alone: int, shared: int) -> list[list[str]]:
    """The segments of laid-out units, each as full as it can be without parting a pair."""
    if len(units) <= alone:
        return [units]
    found = []
    while units:
        end = shared - 1 if units[shared - 1 : shared] in (["escape"], ["high"]) else shared
        found.append(units[:end])
        units = units[end:]
    return found


@given(gsm_texts)
def test_a_gsm_text_takes_as_many_segments_as_cutting_it_gives(text: str) -> None:
    """GSM 7-bit texts take one segment up to 160 units, then one for every 153, no escape parted from its character."""
    size = measure(text)
    assert (size.encoding, size.units, size.culprits) == ("gsm7", len(laid_out(text)), ())
    assert size.segments == len(cut(laid_out(text), *ROOM["gsm7"]))


@given(any_texts)
def test_any_text_takes_as_many_segments_as_cutting_it_gives(text: str) -> None:
    """Other texts take one segment up to 70 units and then one for every 67, no surrogate pair parted."""
    size = measure(text)
    assert size.units == len(laid_out(text))
    assert size.segments == len(cut(laid_out(text), *ROOM[size.encoding]))


@given(any_texts)
def test_culprits_are_exactly_the_characters_outside_gsm(text: str) -> None:
    """A text is UCS-2 if and only if it has culprits, which are named once each, in order of appearance."""
    size = measure(text)
    assert (size.encoding == "ucs2") == bool(size.culprits)
    assert list(size.culprits) == list(dict.fromkeys(char for char in text if char not in GSM7))


def test_the_sizes_at_the_edges() -> None:
    """160 characters are one segment and 161 two; for UCS-2 it is 70 and 71."""
    assert [measure("a" * count).segments for count in (0, 160, 161, 306, 307)] == [1, 1, 2, 2, 3]
    assert [measure("漢" * count).segments for count in (1, 70, 71, 134, 135)] == [1, 1, 2, 2, 3]


def test_a_euro_sign_takes_two_units() -> None:
    """80 euro signs fill a segment, and in longer texts a unit stays empty where a pair would be cut."""
    assert measure("€" * 80).segments == 1
    assert measure("€" * 81).segments == 2
    assert measure("€" * 153).units == 306
    assert measure("€" * 153).segments == 3  # not 2: 153 is odd, so each segment holds 76 of them


def test_an_emoji_takes_two_units_that_stay_together() -> None:
    """35 emoji fill a segment; of several, each holds 33."""
    assert measure("😀" * 35).segments == 1
    assert measure("😀" * 66).segments == 2
    assert measure("😀" * 67).segments == 3  # 134 units would be two segments if a pair could be cut


def test_a_lone_surrogate_is_counted_and_not_a_crash() -> None:
    """Half a pair, which JSON can carry, counts as one unit of UCS-2."""
    assert measure("\ud83d").units == 1
