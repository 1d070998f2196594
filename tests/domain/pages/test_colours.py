"""Colours of pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.pages.colours import OF_TEXT, PAPER, contrast, palette, readable

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#123456", "#123456", 1.0),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    """The ratio of two colours is the one that WCAG 2.2 defines, whichever comes first."""
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(other, one) == contrast(one, other)


@given(accent=COLOURS, scheme=st.sampled_from(sorted(PAPER)))
def test_whatever_the_accent_everything_can_be_read(accent: str, scheme: str) -> None:
    """For every accent, in light and dark, text on the button and text on paper have the contrast of WCAG AA."""
    fill, on_fill, ink = palette(accent, scheme)
    assert contrast(on_fill, fill) >= OF_TEXT
    assert contrast(ink, PAPER[scheme]) >= OF_TEXT


def test_an_accent_that_can_be_read_stays_as_it_is() -> None:
    """A colour is changed no more than it takes."""
    assert readable("#1d4f91", "#ffffff", OF_TEXT) == "#1d4f91"
    assert palette("#ffd500", "light").fill == "#ffd500"
