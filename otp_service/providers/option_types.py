"""What the options of several vendors are made of."""

import re
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from otp_service.providers.base import matching


def _fits_a_header(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[!-~]+", secret.get_secret_value()):
        raise ValueError("must be visible ASCII without spaces")
    return secret


HeaderSecret = Annotated[SecretStr, AfterValidator(_fits_a_header)]
HeaderName = Annotated[str, matching(r"[A-Za-z0-9-]{1,64}", "letters, digits and - only")]
BaseUrl = Annotated[str, matching(r"https?://[^/?#@\s]+", "a URL without a path")]

NUMBER_OR_NAME = r"\+?[0-9]{1,15}|(?=.*[^0-9])[ -~]{0,10}[!-~]"  # a name has 11 places (3GPP TS 23.040, 9.1.2.5)
Sender = Annotated[str, matching(NUMBER_OR_NAME, "a number, or a name of at most 11 characters of ASCII")]


def takes_sender(sender: str | None) -> bool:
    """True if this is a number or a name that fits a message, or nothing."""
    return sender is None or re.fullmatch(NUMBER_OR_NAME, sender) is not None


def in_digits(sender: str | None) -> str | None:
    """The sender; a number without its plus, as many vendors write numbers."""
    return sender[1:] if sender and re.fullmatch(r"\+[0-9]+", sender) else sender
