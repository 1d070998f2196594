"""What both APIs of Vonage share: an account, senders, how long a message is held, and the ids that India asks for.

Sources: `requests.py` of the SDK (vonage-sms 1.2) and `models/sms.py` (vonage-messages 1.8).
"""

from typing import Annotated

from pydantic import AfterValidator

from otp_service.domain.messages import Message
from otp_service.providers import sender_forms
from otp_service.providers.base import matching

MIN_VALIDITY_S, MAX_VALIDITY_S = 20, 604_800  # `ttl`
MAX_CHARACTERS = 3200
TYPES = {"gsm7": "text", "ucs2": "unicode"}


def _vonage_sender(sender: str) -> str:
    if told := sender_forms.complaint(sender):
        raise ValueError(told.replace("takes as sender", "must be"))
    return sender


ApiKey = Annotated[str, matching(r"[0-9A-Za-z]{4,32}", "the API key as the dashboard shows it")]
Sender = Annotated[str, AfterValidator(_vonage_sender)]


def unfit(message: Message, sender: str) -> str | None:
    """A life or a sender that Vonage would refuse or change."""
    if message.valid_for_s < MIN_VALIDITY_S:
        return f"holds a message for {MIN_VALIDITY_S} seconds or more, and less is left"
    return sender_forms.complaint(sender)
