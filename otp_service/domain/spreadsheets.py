"""Cells of a CSV file that people open with a spreadsheet: what goes out is text, and comes back as it was."""

import re

# What a spreadsheet takes for a formula; an apostrophe in front makes it text (OWASP, "CSV Injection"). A cell that
# looks as if it had one gets one more, so that each comes back as it was.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_MADE_HARMLESS = re.compile(r"'+[=+\-@\t\r]")


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def plain(cell: str) -> str:
    """A cell without the apostrophe that harmless() has put in front, and without spaces around it."""
    cell = cell.strip()
    return cell[1:] if _MADE_HARMLESS.match(cell) else cell
