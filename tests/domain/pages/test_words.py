"""What pages say."""

import re

import pytest

from otp_service.domain.pages.words import LANGUAGES, direction, language_of, words
from otp_service.domain.templates.template import BUILT_IN

SLOT = re.compile(r"\{\w+\}")


def test_pages_speak_the_languages_of_the_codes() -> None:
    """Every language of the built-in templates is one of the pages'."""
    assert set(LANGUAGES) == {template.locale for template in BUILT_IN.values()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_there_with_its_slots(language: str) -> None:
    """Each language has every sentence, each with the same slots, and none in English by mistake."""
    english, found = words("en"), words(language)
    assert list(found) == list(english)
    for name, sentence in found.items():
        assert sorted(SLOT.findall(sentence)) == sorted(SLOT.findall(english[name])), name
        assert sentence == sentence.strip() != ""
        assert language == "en" or len(sentence) < 20 or sentence != english[name], name


@pytest.mark.parametrize(
    ("wanted", "language"),
    [(["de-CH"], "de"), (["PT_br"], "pt"), (["zh-Hant-TW"], "zh"), (["sv", "fr"], "fr"), (["tlh"], "en"), ([], "en")],
)
def test_the_first_language_that_is_known_is_spoken(wanted: list[str], language: str) -> None:
    """The first wanted locale whose language is known decides, else English."""
    assert language_of(wanted) == language


def test_arabic_alone_runs_from_the_right() -> None:
    """Of the ten languages one runs from right to left."""
    assert [language for language in LANGUAGES if direction(language) == "rtl"] == ["ar"]
