"""Cells of a CSV file that people open with a spreadsheet: what goes out is text, and comes back as it was."""

import re

# What a spreadsheet takes for a formula; an apostrophe in front makes it text. Some read full-width signs alike, and
# where the decimal sign is a comma a semicolon begins another cell, so what follows one is a beginning too (OWASP, "CSV
# Injection"). What looks as if it had an apostrophe gets one more, so that each cell comes back as it was.
_SIGN = "'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_FORMULA = re.compile(rf'(^|;"*)({_SIGN})')
_MADE_HARMLESS = re.compile(rf"""(^|;"*)'({_SIGN})""")


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula, whatever it takes for the end of one."""
    return _FORMULA.sub(r"\1'\2", cell)


def plain(cell: str) -> str:
    """A cell without the apostrophes that harmless() has put in, and without spaces around it."""
    return _MADE_HARMLESS.sub(r"\1\2", cell.strip())
