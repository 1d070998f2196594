"""Files of factors: how other services and this one write them down."""

from importlib import import_module
from typing import cast

from otp_service.domain.factors.files.rows import Format

# A format's module is loaded when it is asked for: a web worker needs no XML.
FORMATS = {
    "sealed": "sealed",
    "csv": "csv",
    "otpauth": "otpauth",
    "migration": "migration",
    "privacyidea": "privacyidea",
}
WRITTEN = ("sealed", "csv", "otpauth", "migration")
PLAIN = frozenset(WRITTEN) - {"sealed"}


def format_of(name: str) -> Format:
    """The format of this name, one of FORMATS."""
    return cast(Format, import_module(f"{__name__}.{FORMATS[name]}"))
