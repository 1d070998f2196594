"""Texts cut into segments, against smsutil and against a slow search for the fewest cuts."""

import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.text.graphemes import joins
from otp_service.domain.text.gsm7 import GSM7
from otp_service.domain.text.segments import encoded, segments
from otp_service.domain.text.size import ROOM, WIDE_ROOM, measure

FAMILY, FLAG, THUMB, CONJUNCT = "👩‍👩‍👧‍👦", "🇨🇭", "👍🏽", "क्ष"
scraps = st.sampled_from(
    ["a", "€", "漢", "😀", "é", "e\u0301", FAMILY, FLAG, THUMB, CONJUNCT, "नि", "한", "\u1100\u1161\u11a8", " "]
)
texts = (
    st.text(st.sampled_from(sorted(GSM7)), max_size=700)
    | st.text(max_size=300)
    | st.lists(scraps, max_size=150).map("".join)
)


def room(part: str, text: str, *, wide: bool) -> bool:
    """True if a part of a text fits in its segment."""
    encoding = measure(text).encoding
    alone, shared = (WIDE_ROOM if wide else ROOM)[encoding]
    units = len(encoded(part, encoding)) // (1 if encoding == "gsm7" else 2)
    return units <= (alone if part == text else shared)


@given(texts, st.booleans())
def test_the_parts_joined_are_the_text_and_each_fits(text: str, wide: bool) -> None:
    """No character is lost, doubled or moved, none is cut in two, and no segment is overfull."""
    parts = segments(text, wide=wide)
    assert "".join(parts) == text
    assert all(room(part, text, wide=wide) for part in parts)
    assert all(parts) or text == ""


@given(texts)
def test_there_are_as_many_parts_as_are_paid_for(text: str) -> None:
    """The number of parts is the one that measure() tells."""
    assert len(segments(text)) == measure(text).segments


@given(texts.filter(lambda text: text and not any("\ud800" <= each <= "\udfff" for each in text)))
def test_the_count_is_that_of_smsutil(text: str) -> None:
    """An independent library finds the same encoding and the same number of segments."""
    theirs = smsutil.split(text)
    assert (measure(text).encoding == "gsm7") == (theirs.encoding == "gsm0338")
    assert measure(text).segments == len(theirs.parts)


@given(texts, st.booleans())
def test_graphemes_stay_whole_where_that_costs_nothing(text: str, wide: bool) -> None:
    """If the text can be cut between graphemes into as many segments, no grapheme is cut."""
    parts = segments(text, wide=wide)
    cut = [at for at in accumulated(parts) if joins(text, at)]
    assert not cut or fewest_between_graphemes(text, wide=wide) > len(parts)


def accumulated(parts: tuple[str, ...]) -> list[int]:
    """Where the cuts are."""
    return [sum(map(len, parts[:count])) for count in range(1, len(parts))]


def fewest_between_graphemes(text: str, *, wide: bool) -> float:
    """The fewest segments if no grapheme may be cut; infinite if one is larger than a segment."""
    encoding = measure(text).encoding
    shared = (WIDE_ROOM if wide else ROOM)[encoding][1]
    clusters: list[str] = []
    for at, character in enumerate(text):
        if clusters and joins(text, at):
            clusters[-1] += character
        else:
            clusters.append(character)
    count, left = 1, shared
    for cluster in clusters:
        units = len(encoded(cluster, encoding)) // (1 if encoding == "gsm7" else 2)
        if units > shared:
            return float("inf")
        if units > left:
            count, left = count + 1, shared
        left -= units
    return count


@pytest.mark.parametrize(
    "cluster",
    [FAMILY, FLAG, THUMB, CONJUNCT, "e\u0301", "\u1100\u1161\u11a8", "नि", "क्\u200dष", "❤\ufe0f", "กำ", "1️⃣", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"],
)
def test_what_is_shown_as_one_is_not_parted(cluster: str) -> None:
    """Families, flags, skin tones, keycaps, conjuncts, syllables and accents move into the next segment as a whole."""
    text = "漢" * 66 + cluster + "漢" * 20
    assert segments(text) == ("漢" * 66, cluster + "漢" * 20)


@pytest.mark.parametrize(
    ("text", "at"), [("ab", 1), ("🇨🇭🇩🇪", 2), ("한국", 1), ("कख", 1), ("漢字", 1), ("a\u200d漢", 2)]
)
def test_neighbours_are_parted(text: str, at: int) -> None:
    """Letters, syllables and a second flag are graphemes of their own."""
    assert not joins(text, at)


def test_a_grapheme_is_cut_where_all_else_costs_a_segment() -> None:
    """Accented letters of two units each fill 134 units only if one of them is cut; a third segment is not paid."""
    text = "e\u0301" * 67
    assert measure(text).segments == 2 == len(segments(text))


def test_the_sizes_at_the_edges() -> None:
    """A reference of 16 bits takes one septet of 153, and one unit of 67."""
    assert [len(segments("a" * count, wide=True)) for count in (160, 161, 304, 305)] == [1, 2, 2, 3]
    assert [len(segments("漢" * count, wide=True)) for count in (70, 71, 132, 133)] == [1, 2, 2, 3]


def test_pairs_are_never_cut() -> None:
    """A euro sign and an emoji that do not fit wait for the next segment."""
    assert [len(part) for part in segments("a" + "€" * 80)] == [77, 4]
    assert [len(part) for part in segments("漢" + "😀" * 40)] == [34, 7]
