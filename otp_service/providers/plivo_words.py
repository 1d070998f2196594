"""What Plivo's error codes mean for a message, and what to do about each.

Sources: Plivo's "Introducing SMS Error Codes" (2025) and docs/messaging/troubleshooting/error-codes on plivo.com; 450
from its FAQ on geo permissions; those marked (*) from memory. They come in status callbacks as `ErrorCode`. Plivo's
answers name no codes; "http 403" is what `rest/client.py` of the SDK (plivo 4.63) takes for a geo permission.
"""

from collections.abc import Mapping

from otp_service.domain.messages import Verdict
from otp_service.providers.base import Known

REJECTED, ANOTHER, MISCONFIGURED = Verdict.REJECTED, Verdict.TRY_ANOTHER, Verdict.MISCONFIGURED

ERRORS: Mapping[str, Known] = {
    "invalid_number": Known(REJECTED, "invalid_number", "Plivo takes this for no number; ask for the right one"),
    "http 403": Known(
        ANOTHER, "country_not_enabled", "the country is not enabled; enable it under Messaging, Geo Permissions"
    ),
    "10": Known(ANOTHER, "filtered", "a network refused the text as invalid; look for unusual characters in it"),
    "20": Known(ANOTHER, "unreachable", "the network has trouble; the person may try again later"),
    "30": Known(ANOTHER, "filtered", "a network took this for spam; change the text, and name your company in it"),
    "40": Known(
        MISCONFIGURED, "invalid_sender", "the sender is not yours or can't do SMS; choose a number of the account"
    ),
    "50": Known(REJECTED, "invalid_number", "this is no mobile number; ask the person for the right one"),
    "60": Known(ANOTHER, "unreachable", "the network sent the message in circles; if it lasts, ask Plivo's support"),
    "70": Known(REJECTED, "invalid_number", "the number is not active; ask the person for the right one"),
    "80": Known(ANOTHER, "unreachable", "the phone is off or out of reach; the person may try again with it on"),
    "90": Known(ANOTHER, "unreachable", "no route to that network; if it lasts, ask Plivo's support"),
    "100": Known(ANOTHER, "blocked", "the network does not take such messages; try another sender"),
    "110": Known(ANOTHER, "bad_response", "the text is longer than 1,600 characters, or 737 of Unicode; shorten it"),
    "200": Known(  # a STOP holds for the person, so no other provider is asked
        REJECTED, "opted_out", "the person answered STOP to this sender; only their START lifts it"
    ),
    "201": Known(ANOTHER, "invalid_sender", "US toll-free numbers can't reach Canada; give CA another sender"),
    "300": Known(ANOTHER, "unknown", "the message was lost on its way to the network; ask Plivo's support"),  # (*)
    "420": Known(REJECTED, "expired", "the message expired in Plivo's queue; send less at once or add senders"),  # (*)
    "450": Known(
        ANOTHER, "country_not_enabled", "the country is not enabled; enable it under Messaging, Geo Permissions"
    ),
    "900": Known(MISCONFIGURED, "no_funds", "the Plivo account has no credit; top it up in the console"),  # (*)
    "1000": Known(ANOTHER, "unknown", "nobody says why; if it happens often, ask Plivo with the message's id"),
}
