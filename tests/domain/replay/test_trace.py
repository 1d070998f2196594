"""Traces: what a row holds, and what is said of one that can't be read."""

import pytest

from otp_service.domain.replay.trace import COLUMNS, BadTrace, Row, cells_of, rows

HEADER = list(COLUMNS)
LINE = ["0.000", "+41791234567", "203.0.113.7", "", "", "45000", "38.2", "1", "legit"]


def test_a_row_is_read_as_the_format_says() -> None:
    """Times are milliseconds inside, an empty conversion is a code that nobody types."""
    first, second = rows([HEADER, LINE, ["1.5", "+41791234568", "", "d", "u", "45000", "", "0", "attack:farm"]])

    assert first == Row(0, "+41791234567", "203.0.113.7", "", "", 45000, 38200, True, "legit")
    assert (second.at_ms, second.converts_after_ms, second.passes) == (1500, None, False)
    assert (first.attack, second.attack, second.family) == (False, True, "farm")


def test_what_is_written_is_read_again() -> None:
    """A row that was written as CSV comes back as it was."""
    (row,) = rows([HEADER, LINE])

    assert list(rows([HEADER, cells_of(row)])) == [row]


def test_columns_stand_in_any_order() -> None:
    """Columns are found by their names, and those that are not needed may be missing."""
    (row,) = rows([["price_micros", "to", "t_s"], ["45000", "+41791234567", "2"]])

    assert (row.at_ms, row.to, row.price_micros, row.label) == (2000, "+41791234567", 45000, "legit")


@pytest.mark.parametrize(
    ("column", "text", "said"),
    [
        ("t_s", "soon", "line 2: t_s is no number of seconds"),
        ("t_s", "-1", "line 2: t_s is no number of seconds"),
        ("to", "0791234567", "line 2: to is no phone number in E.164 form"),
        ("ip", "nowhere", "line 2: ip is no IP address"),
        ("price_micros", "cheap", "line 2: price_micros is no price"),
        ("converts_after_s", "never", "line 2: converts_after_s is no number of seconds"),
        ("passes_challenge", "maybe", "line 2: passes_challenge is neither 0 nor 1"),
        ("label", "good", "line 2: label is neither legit nor attack:<family>"),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column(column: str, text: str, said: str) -> None:
    """Whoever made the file hears which line is wrong, and how it should be."""
    line = [text if name == column else cell for name, cell in zip(COLUMNS, LINE, strict=True)]

    with pytest.raises(BadTrace, match=said):
        list(rows([HEADER, line]))


def test_times_must_not_go_back() -> None:
    """A trace is in the order of time, or the replay would pay back what was not yet sent."""
    with pytest.raises(BadTrace, match="line 3: t_s goes back; sort the rows by t_s"):
        list(rows([HEADER, ["2", *LINE[1:]], ["1", *LINE[1:]]]))


def test_a_missing_column_is_named() -> None:
    """The first line must name what is needed."""
    with pytest.raises(BadTrace, match="line 1: there is no column price_micros"):
        list(rows([["t_s", "to"], ["0", "+41791234567"]]))


def test_a_short_line_is_named() -> None:
    """A line with fewer cells than columns is no row."""
    with pytest.raises(BadTrace, match="line 2: it has 2 cells"):
        list(rows([HEADER, ["0", "+41791234567"]]))
