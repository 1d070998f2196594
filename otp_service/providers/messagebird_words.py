"""What MessageBird says of a message: the errors of refused requests and of status reports.

Sources: errors 2 and 9 from messagebird/messagebird-nodejs and messagebird/ruby-rest-api#24; statuses from the SDK's
models; error codes of reports from docs.bird.com, "SMS Platform Extended Error Codes", which are those of GSM's MAP
(3GPP TS 29.002) and of Infobip; (*) from memory.
"""

from collections.abc import Mapping

from otp_service.domain.messages import MessageStatus, Verdict
from otp_service.providers.base import Known

_NUMBER = "no network knows this number; the person must check it"
_NO_SMS = "this number takes no SMS; it may be a landline"
_AWAY = "the phone is off, out of reach or full; the person must try again later"
_BARRED = "the network has barred the number or the phone"
_NETWORK = "the person's network has trouble"

# Errors of a request are `code` or `code-parameter`, those of a report `report-code`: their numbers overlap.
ERRORS: Mapping[str, Known] = {
    "2": Known(Verdict.MISCONFIGURED, "bad_credentials", "MessageBird doesn't know this access key; make a live one"),
    "9": Known(
        Verdict.REJECTED, "invalid_number", "MessageBird takes this for no number; a trial account reaches its own only"
    ),
    "9-originator": Known(Verdict.MISCONFIGURED, "invalid_sender", "the sender is missing"),
    "10": Known(Verdict.TRY_ANOTHER, "bad_response", "MessageBird takes a field not in this form"),  # (*)
    "10-originator": Known(
        Verdict.MISCONFIGURED, "invalid_sender", "a sender is a number, or at most 11 letters and digits"
    ),  # (*)
    "10-recipient": Known(Verdict.REJECTED, "invalid_number", _NUMBER),  # (*)
    "10-recipients": Known(Verdict.REJECTED, "invalid_number", _NUMBER),  # (*)
    "10-reportUrl": Known(
        Verdict.MISCONFIGURED, "provider_error", "MessageBird can't call our address; set OTP_PUBLIC_URL"
    ),  # (*)
    "25": Known(Verdict.MISCONFIGURED, "no_funds", "the account's balance is used up; top it up"),  # (*)
    "98": Known(Verdict.MISCONFIGURED, "bad_response", "MessageBird has no such API; look at base_url"),  # (*)
    "99": Known(Verdict.TRY_ANOTHER, "provider_error", "MessageBird has trouble of its own"),  # (*)
    "report-1": Known(Verdict.REJECTED, "invalid_number", _NUMBER),
    "report-5": Known(Verdict.REJECTED, "invalid_number", _NUMBER),
    "report-6": Known(Verdict.TRY_ANOTHER, "unreachable", _AWAY),
    "report-9": Known(Verdict.TRY_ANOTHER, "blocked", _BARRED),
    "report-11": Known(Verdict.REJECTED, "not_mobile", _NO_SMS),
    "report-12": Known(Verdict.TRY_ANOTHER, "blocked", _BARRED),
    "report-13": Known(Verdict.TRY_ANOTHER, "blocked", _BARRED),
    "report-21": Known(Verdict.TRY_ANOTHER, "not_mobile", _NO_SMS),
    "report-27": Known(Verdict.TRY_ANOTHER, "unreachable", _AWAY),
    "report-31": Known(Verdict.TRY_ANOTHER, "unreachable", _AWAY),
    "report-32": Known(Verdict.TRY_ANOTHER, "unreachable", _AWAY),
    "report-33": Known(Verdict.TRY_ANOTHER, "unreachable", _AWAY),
    "report-34": Known(Verdict.TRY_ANOTHER, "provider_error", _NETWORK),
}

# A buffered message is at the network, which waits for the phone.
STATUSES: Mapping[str, MessageStatus] = {
    "scheduled": "accepted",
    "sent": "sent",
    "buffered": "sent",
    "delivered": "delivered",
    "delivery_failed": "undelivered",
    "expired": "expired",
}
