"""Colours by the rules of WCAG 2.2: a product's accent is shown as it is, and text of it is made readable."""

from typing import NamedTuple

BLACK, WHITE = "#000000", "#ffffff"
PAPER = {"light": "#ffffff", "dark": "#171c22"}  # what static/page.css lays under everything
DEFAULT = {"light": "#1d4f91", "dark": "#7db2f5"}
OF_TEXT, OF_PARTS = 4.5, 3.0  # success criteria 1.4.3 and 1.4.11
STEPS = 50

Rgb = tuple[float, float, float]


class Palette(NamedTuple):
    """What a page draws with the accent: a filled button, what is written on it, and text and lines on paper."""

    fill: str
    on_fill: str
    ink: str


def palette(accent: str | None, scheme: str) -> Palette:
    """The colours of one scheme; without an accent our own."""
    paper = PAPER[scheme]
    colour = accent or DEFAULT[scheme]
    fill = colour if scheme == "light" else readable(colour, paper, OF_PARTS)
    return Palette(fill, max((BLACK, WHITE), key=lambda ink: contrast(ink, fill)), readable(colour, paper, OF_TEXT))


def readable(colour: str, paper: str, least: float) -> str:
    """The colour, as little darker or lighter as it takes to be told from the paper."""
    away = max((BLACK, WHITE), key=lambda end: contrast(end, paper))
    mixed = (_mixed(colour, away, step / STEPS) for step in range(STEPS + 1))
    return next(each for each in mixed if contrast(each, paper) >= least)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mixed(colour: str, end: str, share: float) -> str:
    pairs = zip(_parts(colour), _parts(end), strict=True)
    return "#" + "".join(f"{round((one + (other - one) * share) * 255):02x}" for one, other in pairs)


def _parts(colour: str) -> Rgb:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue
