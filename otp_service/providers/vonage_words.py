"""What the words of Vonage's Messages API mean for a message, and what to do about each.

Sources: the numbers from api-errors/messages of Vonage's documentation, the words from its api-errors. Both stand at
the end of the `type` of a problem, in an answer as in a status webhook; a webhook's error has the number as its
`title` too.
"""

from collections.abc import Mapping

from otp_service.domain.messages import Verdict
from otp_service.providers.base import Known

REJECTED, ANOTHER, LATER = Verdict.REJECTED, Verdict.TRY_ANOTHER, Verdict.TRY_LATER
MISCONFIGURED = Verdict.MISCONFIGURED

_WORDS: Mapping[str, Known] = {
    "low-balance": Known(MISCONFIGURED, "no_funds", "the Vonage account has no credit; top it up in the dashboard"),
    "unauthorized": Known(
        MISCONFIGURED, "bad_credentials", "Vonage does not know these credentials; compare them with the dashboard"
    ),
    "forbidden": Known(MISCONFIGURED, "bad_credentials", "the account may not do this; ask Vonage to enable it"),
    "unprovisioned": Known(
        MISCONFIGURED, "bad_credentials", "the account lacks the Messages API; ask Vonage to enable it"
    ),
    "account-suspended": Known(MISCONFIGURED, "blocked", "the Vonage account is suspended; ask its support why"),
    "jwt-expired": Known(MISCONFIGURED, "bad_credentials", "our time is not Vonage's; set this machine's clock"),
    "jwt-revoked": Known(
        MISCONFIGURED, "bad_credentials", "the private key was revoked; make a new one in the dashboard"
    ),
    "invalid-api-key": Known(MISCONFIGURED, "bad_credentials", "Vonage does not know this api_key; correct it"),
    "invalid-signature": Known(
        MISCONFIGURED, "bad_credentials", "the private key is not the application's; correct it"
    ),
    "invalid-params": Known(ANOTHER, "bad_response", "Vonage refused a field; see that the sender fits the country"),
    "throttled": Known(
        LATER, "rate_limited", "more messages a second than the account may send; ask Vonage to raise it"
    ),
}

_ACCOUNT: Mapping[str, Known] = {
    "1000": Known(LATER, "rate_limited", "more messages a second than the account may send; ask Vonage to raise it"),
    "1010": Known(MISCONFIGURED, "bad_response", "Vonage misses a field; see that a sender is set"),
    "1020": Known(ANOTHER, "bad_response", "Vonage refused a field; see that the sender fits the country"),
    "1030": Known(ANOTHER, "provider_error", "Vonage stumbled; if it happens often, ask its support"),
    "1060": Known(MISCONFIGURED, "blocked", "the Vonage account is barred from sending; ask its support why"),
    "1070": Known(MISCONFIGURED, "no_funds", "the Vonage account has no credit; top it up in the dashboard"),
    "1080": Known(MISCONFIGURED, "bad_credentials", "the account may not use this API; ask Vonage to enable it"),
    "1090": Known(ANOTHER, "bad_response", "the text is longer than Vonage takes; shorten it"),
    "1100": Known(ANOTHER, "connection", "Vonage could not hand the message on; if it happens often, ask its support"),
    "1110": Known(
        MISCONFIGURED, "bad_credentials", "Vonage refused the signature; compare the keys with the dashboard"
    ),
    "1120": Known(
        MISCONFIGURED, "invalid_sender", "the country does not take this sender; register it or choose another one"
    ),
    "1130": Known(ANOTHER, "bad_response", "Vonage refused the message's life; let codes live 20 seconds or longer"),
    "1140": Known(MISCONFIGURED, "blocked", "the account may not use this feature; ask Vonage to enable it"),
    "1160": Known(
        MISCONFIGURED, "blocked", "a demo account reaches listed numbers only; top it up, or list this number"
    ),
    "1241": Known(LATER, "rate_limited", "too many messages to this number; it is tried again by itself"),
}

_NUMBER: Mapping[str, Known] = {
    "1040": Known(REJECTED, "invalid_number", "Vonage knows no route to this number; ask the person for the right one"),
    "1050": Known(REJECTED, "blocked", "the number is barred at Vonage; ask its support whether that is right"),
    "1170": Known(REJECTED, "invalid_number", "Vonage takes this for no number; ask the person for the right one"),
    "1190": Known(REJECTED, "invalid_number", "the number is no longer active; ask the person for the right one"),
    "1240": Known(  # a STOP holds for the person, so no other provider is asked
        REJECTED, "opted_out", "the person answered STOP to this sender; only they can lift it"
    ),
    "1270": Known(REJECTED, "blocked", "the network blocks such messages to this person for their age"),
    "1280": Known(REJECTED, "blocked", "the person's plan takes no SMS; they must ask their network"),
    "1290": Known(REJECTED, "blocked", "the person's prepaid credit does not pay for this SMS; they must top it up"),
    "1310": Known(REJECTED, "not_mobile", "the person's device takes no such message; ask for a mobile number"),
}

_DELIVERY: Mapping[str, Known] = {
    "1180": Known(ANOTHER, "unreachable", "the phone is off or out of reach; the person may try again with it on"),
    "1200": Known(ANOTHER, "unreachable", "the number was ported and is not found; the person must ask their network"),
    "1210": Known(ANOTHER, "filtered", "a network took this for spam; change the text, and name your company in it"),
    "1220": Known(ANOTHER, "unreachable", "the phone was busy; the person may try again"),
    "1230": Known(ANOTHER, "unreachable", "the network has trouble; the person may try again later"),
    "1250": Known(ANOTHER, "unreachable", "Vonage has no route to that network; ask its support"),
    "1260": Known(ANOTHER, "unreachable", "no route to this number; ask the person whether it is right"),
    "1320": Known(ANOTHER, "blocked", "the same message was sent already; see whether something repeats it"),
    "1330": Known(ANOTHER, "unknown", "the network gave no reason; if it happens often, ask Vonage with the id"),
    "1360": Known(REJECTED, "expired", "the message's life was over before its turn came; send less at once"),
}

ERRORS: Mapping[str, Known] = {**_WORDS, **_ACCOUNT, **_NUMBER, **_DELIVERY}
