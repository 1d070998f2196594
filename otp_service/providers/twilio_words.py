"""What Twilio's error codes mean for a message, and what to do about each.

Sources: docs/api/errors/<code> on twilio.com, but those marked (*) from catalogues and code of others. They come in
answers as `code` or `error_code`, and in status callbacks as `ErrorCode`.
"""

from collections.abc import Mapping

from otp_service.domain.messages import Verdict
from otp_service.providers.base import Known

REJECTED, ANOTHER, LATER = Verdict.REJECTED, Verdict.TRY_ANOTHER, Verdict.TRY_LATER
MISCONFIGURED = Verdict.MISCONFIGURED

_ACCOUNT: Mapping[str, Known] = {
    "10001": Known(
        MISCONFIGURED, "no_funds", "the Twilio account is not active, mostly for its balance; top it up in the console"
    ),
    "20003": Known(
        MISCONFIGURED, "bad_credentials", "Twilio does not know these credentials; compare them with the console"
    ),
    "20005": Known(
        MISCONFIGURED, "no_funds", "the Twilio account is not active; top it up or complete its registration"
    ),
    "20403": Known(
        MISCONFIGURED, "bad_credentials", "the Twilio account is suspended or closed; ask Twilio's support why"
    ),
    "20404": Known(MISCONFIGURED, "bad_credentials", "Twilio has no such account; correct account_sid"),  # (*)
    "20429": Known(  # never processed, always safe to repeat
        LATER, "rate_limited", "more requests at once than Twilio takes; it is tried again by itself"
    ),
    "30002": Known(  # suspended after queueing
        MISCONFIGURED, "no_funds", "the Twilio account was suspended while the message waited; settle it in the console"
    ),
    "63038": Known(ANOTHER, "rate_limited", "the account's daily limit of messages is reached; ask Twilio to raise it"),
    "21608": Known(
        MISCONFIGURED, "blocked", "a trial account reaches verified numbers only; upgrade it or verify this number"
    ),
    "572005": Known(
        MISCONFIGURED, "blocked", "a trial account reaches verified numbers only; upgrade it or verify this number"
    ),
    "21609": Known(  # StatusCallback: a host with underscores, or not public
        MISCONFIGURED,
        "provider_error",
        "Twilio can't call our address; make OTP_PUBLIC_URL public, without underscores",
    ),
}

_SENDER: Mapping[str, Known] = {
    "21212": Known(  # (*)
        MISCONFIGURED,
        "invalid_sender",
        "Twilio takes this for no sender; write numbers as +41..., names in 11 characters",
    ),
    "21266": Known(MISCONFIGURED, "invalid_sender", "sender and recipient are the same number; choose another sender"),
    "21601": Known(MISCONFIGURED, "invalid_sender", "this number can't send messages; choose one that can do SMS"),
    "21606": Known(
        MISCONFIGURED,
        "invalid_sender",
        "this sender is not yours or can't reach that country; choose one of the account",
    ),
    "21612": Known(
        ANOTHER, "invalid_sender", "this sender can't reach that network; give the country a sender that can"
    ),
    "21659": Known(
        MISCONFIGURED, "invalid_sender", "the sender is no number of this country's form, or not yours; correct it"
    ),
    "21660": Known(MISCONFIGURED, "invalid_sender", "the sender belongs to another account; use one of this account"),
    "21661": Known(MISCONFIGURED, "invalid_sender", "this sender can't do SMS; choose another one"),
    "21703": Known(  # (*)
        MISCONFIGURED, "invalid_sender", "the messaging service has no senders; add one to it in the console"
    ),
    "21705": Known(
        MISCONFIGURED, "invalid_sender", "Twilio has no such messaging service; correct messaging_service_sid"
    ),
    "30024": Known(
        ANOTHER, "unregistered_sender", "the sender is not registered with that network; register it or choose another"
    ),
    "30032": Known(  # (*)
        MISCONFIGURED,
        "unregistered_sender",
        "your toll-free number is not verified; verify it or choose another sender",
    ),
    "30034": Known(  # (*)
        MISCONFIGURED,
        "unregistered_sender",
        "your US number is not registered for 10DLC; register it or choose another sender",
    ),
    "30042": Known(
        MISCONFIGURED, "invalid_sender", "networks refuse so general a sender; choose one that names your company"
    ),
}

_NUMBER: Mapping[str, Known] = {
    "21211": Known(
        REJECTED, "invalid_number", "this is no valid phone number; ask the person for the right one"
    ),  # (*)
    "21265": Known(REJECTED, "invalid_number", "the recipient is a short code; ask for a phone number"),
    "21408": Known(  # (*)
        ANOTHER, "country_not_enabled", "the country is not enabled; enable it under Geo permissions in the console"
    ),
    "21610": Known(  # (*) a STOP holds for the person, so no other provider is asked
        REJECTED, "opted_out", "the person answered STOP to this sender; only their START lifts it"
    ),
    "21614": Known(REJECTED, "not_mobile", "this is no mobile number; ask the person for one"),
    "21635": Known(REJECTED, "not_mobile", "this is a landline; ask the person for a mobile number"),
    "30003": Known(  # or the network's trouble
        ANOTHER, "unreachable", "the phone is off or out of reach; the person may try again with it on"
    ),
    "30004": Known(  # (*)
        REJECTED, "blocked", "the person or their network blocks these messages; they must ask their network"
    ),
    "30005": Known(  # (*)
        REJECTED, "invalid_number", "the network knows no such number; ask the person for the right one"
    ),
    "30006": Known(  # (*)
        REJECTED, "not_mobile", "a landline, or a network that can't be reached; ask the person for a mobile number"
    ),
}

_DELIVERY: Mapping[str, Known] = {
    "14107": Known(  # between two numbers in 30 s
        LATER, "rate_limited", "too many messages to this number at once; it is tried again by itself"
    ),
    "21611": Known(LATER, "rate_limited", "this sender's queue is full; send less at once or add senders"),
    "30001": Known(LATER, "rate_limited", "Twilio's queue overflowed; send less at once or add senders"),
    "30007": Known(  # (*)
        ANOTHER, "filtered", "a network took this for spam; change the text, and name your company in it"
    ),
    "30008": Known(  # (*)
        ANOTHER, "unknown", "the network gave no reason; if it happens often, ask Twilio with the message's id"
    ),
    "30022": Known(LATER, "rate_limited", "your 10DLC campaign's rate is used up; send less or raise its trust score"),
    "30036": Known(
        REJECTED, "expired", "the message was older than its validity when its turn came; send less at once"
    ),
    "30450": Known(  # another provider would only pay for the fraud
        REJECTED,
        "blocked",
        "Twilio takes this for SMS pumping; it lifts in half an hour, see Fraud Guard in the console",
    ),
    "30453": Known(  # the same, for hours
        REJECTED, "blocked", "Twilio takes this for SMS pumping; it lifts in some hours, see Fraud Guard in the console"
    ),
}

ERRORS: Mapping[str, Known] = {**_ACCOUNT, **_SENDER, **_NUMBER, **_DELIVERY}
