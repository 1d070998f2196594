"""What pages say, in the languages in which the service writes its codes; each file is read when it is first spoken.

Sentences say what to do next. None depends on a number's plural: counts stand behind a colon, times are written 4:05.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "ja", "ar", "hi", "zh")
RIGHT_TO_LEFT = frozenset({"ar"})


def language_of(wanted: Iterable[str]) -> str:
    """The first of these locales' languages that is spoken here, else English."""
    asked = (each.lower().replace("_", "-").partition("-")[0] for each in wanted)
    return next((each for each in asked if each in LANGUAGES), "en")


def direction(language: str) -> str:
    """Which way a language runs."""
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


@cache
def words(language: str) -> Mapping[str, str]:
    """Every sentence of a language, by name."""
    found: Mapping[str, str] = import_module(f"{__name__}.{language}").WORDS
    return found
