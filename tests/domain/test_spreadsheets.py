"""Cells that people open with a spreadsheet."""

import pytest

from otp_service.domain.spreadsheets import harmless, plain


@pytest.mark.parametrize("cell", ["=1+1", "+41", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "\uff1d1", "\uff20A1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    """What a spreadsheet would compute goes out as text."""
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("calm;=1+1", "calm;'=1+1"),
        ("calm;'=1+1", "calm;''=1+1"),
        ('a;"=1+1";@A1', "a;\"'=1+1\";'@A1"),
        (";;=1", ";;'=1"),
    ],
)
def test_no_half_of_a_cell_is_a_formula(cell: str, told: str) -> None:
    """Where a comma stands in decimals, spreadsheets end cells at semicolons: what follows one is text as well."""
    assert harmless(cell) == told
    assert plain(told) == cell


@pytest.mark.parametrize(
    "cell",
    [
        "a; b",
        "a;b",
        "this; -1 that",
        "\uff1d;=;+",
        "",
        "a raid",
        "=1+1",
        "'=1+1",
        "''+41",
        "'quoted'",
        "'",
        "it's = so",
    ],
)
def test_every_cell_comes_back_as_it_was(cell: str) -> None:
    """What goes out and comes in again is the same, whatever apostrophes it begins with."""
    assert plain(harmless(cell)) == cell
