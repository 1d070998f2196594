"""Cells that people open with a spreadsheet."""

import pytest

from otp_service.domain.spreadsheets import harmless, plain


@pytest.mark.parametrize("cell", ["=1+1", "+41", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_is_a_formula(cell: str) -> None:
    """What a spreadsheet would compute goes out as text."""
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "a raid", "=1+1", "'=1+1", "''+41", "'quoted'", "'", "it's = so"])
def test_every_cell_comes_back_as_it_was(cell: str) -> None:
    """What goes out and comes in again is the same, whatever apostrophes it begins with."""
    assert plain(harmless(cell)) == cell
