"""What Telnyx's error codes mean for a message, and what to do about each.

Sources: docs/messaging/messages/error-codes and development/api-fundamentals/api-errors on developers.telnyx.com,
but those marked (*) from code of others. They come in answers and in events as `errors[].code`.
"""

from collections.abc import Mapping

from otp_service.domain.messages import Verdict
from otp_service.providers.base import Known

REJECTED, ANOTHER, LATER = Verdict.REJECTED, Verdict.TRY_ANOTHER, Verdict.TRY_LATER
MISCONFIGURED = Verdict.MISCONFIGURED

_ACCOUNT: Mapping[str, Known] = {
    "10007": Known(ANOTHER, "provider_error", "Telnyx stumbled; if it happens often, see status.telnyx.com"),
    "10008": Known(Verdict.AMBIGUOUS, "timeout", "Telnyx took too long to answer; if it happens often, see its status"),
    "10009": Known(MISCONFIGURED, "bad_credentials", "Telnyx does not know this api_key; compare it with the portal"),
    "10010": Known(MISCONFIGURED, "bad_credentials", "this api_key may not send messages; give it the right to"),
    "10011": Known(LATER, "rate_limited", "more requests at once than Telnyx takes; it is tried again by itself"),
    "20002": Known(MISCONFIGURED, "bad_credentials", "the api_key was revoked; make a new one in the portal"),  # (*)
    "20012": Known(MISCONFIGURED, "bad_credentials", "the Telnyx account is inactive; see the portal"),  # (*)
    "20013": Known(MISCONFIGURED, "bad_credentials", "the Telnyx account is blocked; ask Telnyx's support why"),  # (*)
    "20014": Known(
        MISCONFIGURED, "bad_credentials", "the Telnyx account is not verified; verify it in the portal"
    ),  # (*)
    "20100": Known(MISCONFIGURED, "no_funds", "the Telnyx account has no credit; top it up in the portal"),  # (*)
    "40311": Known(
        MISCONFIGURED, "bad_credentials", "the messaging profile asks for another secret; take its secret off"
    ),
    "40312": Known(MISCONFIGURED, "blocked", "the messaging profile is disabled; enable it in the portal"),
    "40313": Known(MISCONFIGURED, "bad_credentials", "the messaging profile asks for a secret; take its secret off"),
    "40314": Known(MISCONFIGURED, "blocked", "messaging is off for this account; ask Telnyx's support"),
    "40333": Known(
        MISCONFIGURED, "no_funds", "the messaging profile's spend limit is reached; raise it or wait for its reset"
    ),
}

_SENDER: Mapping[str, Known] = {
    "40010": Known(
        MISCONFIGURED,
        "unregistered_sender",
        "your US number is not registered for 10DLC; register it or choose another sender",
    ),
    "40013": Known(
        MISCONFIGURED, "invalid_sender", "the network refused the sender; see that it is active and can do SMS"
    ),
    "40019": Known(
        MISCONFIGURED, "unregistered_sender", "the number's 10DLC data is wrong; check which campaign it is assigned to"
    ),
    "40100": Known(MISCONFIGURED, "invalid_sender", "this number can't do messages; enable messaging for it"),
    "40150": Known(
        MISCONFIGURED, "invalid_sender", "the toll-free number is not in the registry; ask Telnyx's support"
    ),
    "40151": Known(
        MISCONFIGURED, "invalid_sender", "another vendor is taking this number over; wait, or choose another sender"
    ),
    "40155": Known(MISCONFIGURED, "invalid_sender", "the number needs a letter of authorization; hand it in to Telnyx"),
    "40301": Known(ANOTHER, "invalid_sender", "this sender can't reach that kind of number; choose another sender"),
    "40305": Known(
        MISCONFIGURED, "invalid_sender", "the sender belongs to no messaging profile; assign it to one in the portal"
    ),
    "40306": Known(
        MISCONFIGURED, "invalid_sender", "the messaging profile has no alphanumeric sender; set it there in the portal"
    ),
    "40307": Known(
        MISCONFIGURED,
        "invalid_sender",
        "the sender is not the one of the messaging profile; write it as it stands there",
    ),
    "40315": Known(ANOTHER, "invalid_sender", "the number's health is bad; look at its spam rate, or replace it"),
    "40319": Known(ANOTHER, "invalid_sender", "this sender can't reach that kind of number; choose another sender"),
    "40320": Known(ANOTHER, "invalid_sender", "the number is not ready yet; wait, or choose another sender"),
    "40321": Known(ANOTHER, "invalid_sender", "the number pool has no usable number; add numbers to it"),
    "40323": Known(
        MISCONFIGURED, "invalid_sender", "messaging could not be enabled for the number; ask Telnyx's support"
    ),
    "40325": Known(
        MISCONFIGURED, "invalid_sender", "this can be no alphanumeric sender; take at most 11 letters and digits"
    ),
    "40329": Known(
        MISCONFIGURED,
        "unregistered_sender",
        "your toll-free number is not verified; verify it or choose another sender",
    ),
    "40330": Known(
        MISCONFIGURED,
        "unregistered_sender",
        "the toll-free number is not provisioned yet; wait, or choose another sender",
    ),
}

_NUMBER: Mapping[str, Known] = {
    "10001": Known(REJECTED, "invalid_number", "the phone number is not active; ask the person for the right one"),
    "10002": Known(REJECTED, "invalid_number", "this is no valid phone number; ask the person for the right one"),
    "10016": Known(REJECTED, "invalid_number", "this is no valid phone number; ask the person for the right one"),
    "40001": Known(REJECTED, "not_mobile", "a landline, or a number without a route; ask for a mobile number"),
    "40012": Known(REJECTED, "invalid_number", "the network refused the number; ask the person for the right one"),
    "40300": Known(  # a STOP holds for the person, so no other provider is asked
        REJECTED, "opted_out", "the person answered STOP to this sender; only their START lifts it"
    ),
    "40309": Known(
        ANOTHER, "country_not_enabled", "the messaging profile does not allow this country; add it there in the portal"
    ),
    "40310": Known(REJECTED, "invalid_number", "this is no valid phone number; ask the person for the right one"),
    "40331": Known(
        MISCONFIGURED, "country_not_enabled", "the messaging profile allows no country; add those you send to"
    ),
}

_DELIVERY: Mapping[str, Known] = {
    "40002": Known(ANOTHER, "filtered", "a network took this for spam; send slower, and name your company in the text"),
    "40003": Known(ANOTHER, "filtered", "the network has blocked your number for spam; choose another sender"),
    "40004": Known(ANOTHER, "unknown", "the network refused without a reason; if it lasts, ask Telnyx's support"),
    "40005": Known(
        REJECTED, "expired", "the message expired on its way; if it happens often, ask Telnyx about the network"
    ),
    "40006": Known(ANOTHER, "unreachable", "the person's network does not answer; they may try again later"),
    "40008": Known(ANOTHER, "unreachable", "the network did not take the message; see whether the number is right"),
    "40009": Known(ANOTHER, "filtered", "the network refused the text; look for unusual characters in it"),
    "40011": Known(LATER, "rate_limited", "the network's rate is used up; send slower or add senders"),
    "40014": Known(REJECTED, "expired", "the message expired in Telnyx's queue; send less at once or add senders"),
    "40015": Known(ANOTHER, "filtered", "Telnyx took this for spam; change the text, or ask its support"),
    "40016": Known(
        LATER, "rate_limited", "your 10DLC campaign's limit at T-Mobile is used up; send less or vet your brand"
    ),
    "40017": Known(ANOTHER, "filtered", "AT&T took this for spam; change the text, and leave out short links"),
    "40018": Known(
        LATER, "rate_limited", "your 10DLC campaign's limit at AT&T is used up; send less or vet your brand"
    ),
    "40020": Known(  # another provider would only pay for the fraud
        REJECTED, "blocked", "taken for artificial traffic and blocked for a day; look for fraud in your starts"
    ),
    "40302": Known(ANOTHER, "bad_response", "the text has more segments than Telnyx takes; shorten it"),
    "40318": Known(LATER, "rate_limited", "Telnyx's queue is full; it is tried again by itself"),
    "40322": Known(ANOTHER, "filtered", "the text holds what Telnyx prohibits; change it"),
    "40328": Known(ANOTHER, "bad_response", "the text has more segments than Telnyx takes; shorten it"),
}

ERRORS: Mapping[str, Known] = {**_ACCOUNT, **_SENDER, **_NUMBER, **_DELIVERY}
