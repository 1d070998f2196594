"""How a sender may be written, where a vendor would change or drop what it doesn't like.

Sources: 3GPP TS 23.040, 9.1.2.5: a name has room for 11 characters. Vonage says that it ignores spaces (`vonage_sms`
1.2), Telnyx that it takes 1 to 11 letters and digits (docs/messaging/messages/error-codes, 40325).
"""

import re

NUMBER = re.compile(r"\+?[0-9]{3,15}\Z")  # in full, or a short code
NAME = re.compile(r"(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,11}\Z")
ASCII = r"\+?[0-9]{1,15}|(?=.*[^0-9])[ -~]{0,10}[!-~]"


def is_name(sender: str) -> bool:
    """True if it is a name of letters and digits rather than a number."""
    return NAME.match(sender) is not None


def complaint(sender: str) -> str | None:
    """Why this can be no sender, in words for people; None if it can."""
    if is_name(sender) or NUMBER.match(sender):
        return None
    return "takes as sender a number, or a name of at most 11 letters and digits"


def ascii_complaint(sender: str | None) -> str | None:
    """The same where a name may hold any ASCII; None as well where no sender is named."""
    if sender is None or re.fullmatch(ASCII, sender):
        return None
    return "takes as sender a number, or a name of at most 11 characters of ASCII"


def in_digits(sender: str | None) -> str | None:
    """The sender; a number without its plus, as many vendors write numbers."""
    return sender[1:] if sender and re.fullmatch(r"\+[0-9]+", sender) else sender
