"""What the words of Vonage's SMS API mean for a message, and what to do about each.

Sources: `status` of an answer from messaging/sms/guides/troubleshooting-sms and api-errors/sms of Vonage's
documentation, `err-code` of a receipt from messaging/sms/guides/delivery-receipts; those marked (*) from memory. Both
are numbers and mean different things, so that an err-code is kept as `dlr.9`.
"""

from collections.abc import Mapping

from otp_service.domain.messages import Verdict
from otp_service.providers.base import Known

REJECTED, ANOTHER, LATER = Verdict.REJECTED, Verdict.TRY_ANOTHER, Verdict.TRY_LATER
MISCONFIGURED = Verdict.MISCONFIGURED

_ANSWERS: Mapping[str, Known] = {
    "1": Known(LATER, "rate_limited", "more messages a second than your account may send; ask Vonage to raise it"),
    "2": Known(MISCONFIGURED, "bad_response", "Vonage misses a field; see that sender and credentials are set"),
    "3": Known(ANOTHER, "bad_response", "Vonage refused a field; see that the sender fits the country"),
    "4": Known(
        MISCONFIGURED, "bad_credentials", "Vonage does not know these credentials; compare them with the dashboard"
    ),
    "5": Known(ANOTHER, "provider_error", "Vonage stumbled; if it happens often, ask its support"),
    "6": Known(REJECTED, "invalid_number", "Vonage knows no route to this number; ask the person for the right one"),
    "7": Known(REJECTED, "blocked", "the number is barred at Vonage; ask its support whether that is right"),
    "8": Known(MISCONFIGURED, "blocked", "the Vonage account is suspended; ask its support why"),
    "9": Known(MISCONFIGURED, "no_funds", "the Vonage account has no credit; top it up in the dashboard"),
    "10": Known(LATER, "rate_limited", "too many connections to Vonage at once; ask it to raise their number"),
    "11": Known(
        MISCONFIGURED, "bad_credentials", "the account may not use the SMS API over HTTP; ask Vonage's support"
    ),
    "12": Known(ANOTHER, "bad_response", "the text is longer than Vonage takes; shorten it"),
    "13": Known(ANOTHER, "connection", "Vonage could not hand the message on; if it happens often, ask its support"),
    "14": Known(
        MISCONFIGURED, "bad_credentials", "Vonage refused our signature; compare signature_secret and signature_method"
    ),
    "15": Known(
        MISCONFIGURED,
        "invalid_sender",
        "the country does not take this sender; in the US and Canada use a number of yours",
    ),
    "16": Known(ANOTHER, "bad_response", "Vonage refused the message's life; let codes live 20 seconds or longer"),
    "19": Known(MISCONFIGURED, "blocked", "the account may not use this feature; ask Vonage to enable it"),
    "22": Known(ANOTHER, "bad_response", "Vonage refused the network; ask its support"),
    "23": Known(MISCONFIGURED, "provider_error", "Vonage refused our address; make OTP_PUBLIC_URL short, with https"),
    "29": Known(MISCONFIGURED, "blocked", "a demo account reaches listed numbers only; top it up, or list this number"),
    "32": Known(MISCONFIGURED, "bad_credentials", "the account takes signed requests only; leave api_secret out"),
    "33": Known(REJECTED, "invalid_number", "the number is deactivated; ask the person for the right one"),
    "34": Known(REJECTED, "invalid_number", "Vonage takes this for no number; ask the person for the right one"),
}

_RECEIPTS: Mapping[str, Known] = {
    "dlr.1": Known(ANOTHER, "unknown", "the network gave no reason; if it happens often, ask Vonage with the id"),
    "dlr.2": Known(ANOTHER, "unreachable", "the phone is off or out of reach; the person may try again with it on"),
    "dlr.3": Known(REJECTED, "invalid_number", "the number is no longer active; ask the person for the right one"),
    "dlr.4": Known(REJECTED, "blocked", "the person's line bars such messages; they must ask their network"),
    "dlr.5": Known(ANOTHER, "unreachable", "the number was ported and is not found; the person must ask their network"),
    "dlr.6": Known(ANOTHER, "filtered", "a network took this for spam; change the text, and name your company in it"),
    "dlr.7": Known(ANOTHER, "unreachable", "the phone was busy; the person may try again"),
    "dlr.8": Known(ANOTHER, "unreachable", "the network has trouble; the person may try again later"),
    "dlr.9": Known(REJECTED, "opted_out", "the person asked not to get such messages; only they can lift it"),
    "dlr.10": Known(ANOTHER, "bad_response", "the network refused the message's form; ask Vonage with the id"),
    "dlr.11": Known(ANOTHER, "unreachable", "Vonage has no route to that network; ask its support"),
    "dlr.12": Known(ANOTHER, "unreachable", "no route to this number; ask the person whether it is right"),
    "dlr.13": Known(REJECTED, "blocked", "the network blocks such messages to this person for their age"),
    "dlr.14": Known(REJECTED, "blocked", "the person's plan takes no SMS; they must ask their network"),
    "dlr.15": Known(REJECTED, "blocked", "the person's prepaid credit does not pay for this SMS; they must top it up"),
    "dlr.39": Known(  # (*)
        MISCONFIGURED, "invalid_sender", "US networks take no such sender; use a US number that is registered for 10DLC"
    ),
    "dlr.50": Known(MISCONFIGURED, "filtered", "the DLT entity id is wrong or missing; see it in the template's ids"),
    "dlr.51": Known(
        MISCONFIGURED,
        "unregistered_sender",
        "the sender is no header registered with DLT; register it or choose another",
    ),
    "dlr.52": Known(MISCONFIGURED, "filtered", "the text does not fit its DLT template id; compare the two"),
    "dlr.53": Known(REJECTED, "blocked", "DLT knows no consent of this person; only they can give it"),
    "dlr.54": Known(ANOTHER, "filtered", "a regulation of the country held the message back; ask Vonage's support"),
    "dlr.99": Known(ANOTHER, "unknown", "an error on the route; if it happens often, ask Vonage with the id"),
}

ERRORS: Mapping[str, Known] = {**_ANSWERS, **_RECEIPTS}
