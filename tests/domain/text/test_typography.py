"""Smart encoding: what is made plain, and what is only advised."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.templates.bodies import ORIGIN_BOUND
from otp_service.domain.text.gsm7 import GSM7
from otp_service.domain.text.links import has_link, plain
from otp_service.domain.text.size import measure
from otp_service.domain.text.typography import _ADVICE, LOOK_ALIKES, culprits, instead, to_gsm

REPLACED = {chr(code): str(plain_twin) for code, plain_twin in LOOK_ALIKES.items()}


@given(st.text())
def test_replacing_typography_gives_gsm_or_nothing(text: str) -> None:
    """Typography is replaced only if the whole text then is GSM 7-bit, and a second time changes nothing."""
    made = to_gsm(text)
    assert made == text or measure(made).encoding == "gsm7"
    assert to_gsm(made) == made


def test_typography_is_made_plain() -> None:
    """Quotes, dashes, ellipses, bullets and special spaces become plain ones, which halves what the message costs."""
    assert to_gsm("“Zürich” – l’été… 12\u202f50\u00a0€") == '"Zürich" - l\'été... 12 50 €'
    assert to_gsm("• one\u3000two ❤️".replace("❤️", "")) == "- one two "


def test_what_stays_in_ucs2_is_left_as_it_was() -> None:
    """Where one character keeps the text in UCS-2 its typography is not touched."""
    assert to_gsm("“漢字”…") == "“漢字”…"


@pytest.mark.parametrize("text", ["1½ kg", "Brand™", "São Paulo", "2 × 3", "naïve"])
def test_what_would_change_a_meaning_is_left_alone(text: str) -> None:
    """Fractions, signs and letters are not replaced, though they push the text into UCS-2."""
    assert to_gsm(text) == text
    assert measure(text).encoding == "ucs2"


def test_every_twin_is_in_the_alphabet_and_no_original_is() -> None:
    """What replaces a character is GSM 7-bit, and nothing is replaced that already was."""
    assert all(GSM7.issuperset(twin) for twin in REPLACED.values())
    assert GSM7.isdisjoint(REPLACED)
    assert all(GSM7.issuperset(advised) for advised in _ADVICE.values())


@pytest.mark.parametrize("character", REPLACED, ids=lambda each: f"U+{ord(each):04X}")
def test_no_twin_is_more_dangerous_than_its_original(character: str) -> None:
    """No replacement makes a letter, @, #, slash, colon or full stop that the rules for links did not see."""
    twin = REPLACED[character]
    if twin == "":
        assert plain(character) == ""
    elif any(each in "@#/:." or each.isalnum() for each in twin):
        assert plain(character) == twin


@given(st.text(st.sampled_from([*REPLACED, *"evil.com/:@#1 www"]), max_size=30))
def test_smart_encoding_makes_no_link_and_no_code_line(text: str) -> None:
    """A text without a link or a line for browsers has none when its typography is made plain."""
    if not has_link(plain(text)):
        assert not has_link(to_gsm(text))
    if not ORIGIN_BOUND.search(unicodedata.normalize("NFKC", plain(text))) and "@" not in plain(text):
        assert not ORIGIN_BOUND.search(to_gsm(text))


def test_culprits_are_told_with_place_name_and_remedy() -> None:
    """Each character that costs is told once: where, what Unicode calls it, and what may stand there."""
    found = [(each.position, each.character, each.name, each.instead) for each in culprits("Olá, “São” ½ 漢 á")]
    assert found == [
        (2, "á", "LATIN SMALL LETTER A WITH ACUTE", "a"),
        (5, "“", "LEFT DOUBLE QUOTATION MARK", '"'),
        (7, "ã", "LATIN SMALL LETTER A WITH TILDE", "a"),
        (9, "”", "RIGHT DOUBLE QUOTATION MARK", '"'),
        (11, "½", "VULGAR FRACTION ONE HALF", "1/2"),
        (13, "漢", "CJK UNIFIED IDEOGRAPH-6F22", None),
    ]


def test_a_character_without_a_name_has_its_number() -> None:
    """A private character is told by its code point."""
    assert (culprits("\ue000")[0].name, instead("\ue000")) == ("U+E000", None)
