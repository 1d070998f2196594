"""How a sender may be written, where a vendor would change or drop what it doesn't like.

Sources: 3GPP TS 23.040, 9.1.2.5: a name has room for 11 characters. Vonage says that it ignores spaces (`vonage_sms`
1.2), Telnyx that it takes 1 to 11 letters and digits (docs/messaging/messages/error-codes, 40325).
"""

import re

NUMBER = re.compile(r"\+?[0-9]{3,15}\Z")  # in full, or a short code
NAME = re.compile(r"(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,11}\Z")


def is_name(sender: str) -> bool:
    """True if it is a name rather than a number."""
    return NAME.match(sender) is not None


def complaint(sender: str) -> str | None:
    """Why this can be no sender, in words for people; None if it can."""
    if is_name(sender) or NUMBER.match(sender):
        return None
    return "takes as sender a number, or a name of at most 11 letters and digits"
