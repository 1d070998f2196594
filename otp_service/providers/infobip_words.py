"""What Infobip says of a message: the names of its statuses and of its errors.

Source: infobip.com/docs, "Message status codes" and "Error code reference", as of July 2026. Names count rather than
numbers, since the same number is another error in another product.
"""

from collections.abc import Mapping

from otp_service.domain.messages import MessageStatus, Verdict
from otp_service.providers.base import Known

_NUMBER = "no network knows this number; the person must check it"
_UNREACHABLE = "the phone is off, out of reach or full; the person must try again later"
_NO_SMS = "this number takes no SMS; it may be a landline"
_BARRED = "the person's network has suspended the number"
_SENDER = "this network takes the sender not or not any more; have it provisioned by Infobip or choose another"
_CAMPAIGN = "the United States need a registered campaign; register it with Infobip or choose another sender"
_FILTERED = "the network took the message for spam; register the sender and use one text that doesn't change"
_STOP = "the person doesn't want messages from this sender; only they can opt in again"
_LIMIT = "more than the network allows this sender; wait, or have the limit raised by Infobip"
_FLOOD = "one number gets at most 20 different or 6 identical messages per hour; Infobip can raise that"
_FUNDS = "the account has no credits left; top it up"

ERRORS: Mapping[str, Known] = {
    # statuses of group REJECTED, as an answer has them and a report too
    "REJECTED_NETWORK": Known(
        Verdict.TRY_ANOTHER, "country_not_enabled", "the account reaches no such network; ask Infobip to set it up"
    ),
    "REJECTED_PREFIX_MISSING": Known(Verdict.REJECTED, "invalid_number", _NUMBER),
    "REJECTED_DND": Known(Verdict.REJECTED, "opted_out", "the number is in its country's do-not-disturb register"),
    "REJECTED_SOURCE": Known(
        Verdict.MISCONFIGURED, "unregistered_sender", "the sender isn't registered on the account; register it there"
    ),
    "REJECTED_NOT_ENOUGH_CREDITS": Known(Verdict.MISCONFIGURED, "no_funds", _FUNDS),
    "REJECTED_SENDER": Known(
        Verdict.MISCONFIGURED, "invalid_sender", "the account's own blocklist holds this sender; take it off there"
    ),
    "REJECTED_DESTINATION_BLOCKLISTED": Known(
        Verdict.REJECTED,
        "blocked",
        "this number is on a blocklist of the account or of its network; see Infobip's portal",
    ),
    "REJECTED_PREPAID_PACKAGE_EXPIRED": Known(Verdict.MISCONFIGURED, "no_funds", _FUNDS),
    "REJECTED_DESTINATION_NOT_REGISTERED": Known(
        Verdict.MISCONFIGURED, "blocked", "a trial account reaches its own number only; ask Infobip to lift that"
    ),
    "REJECTED_ROUTE_NOT_AVAILABLE": Known(
        Verdict.TRY_ANOTHER, "country_not_enabled", "the account has no route there; ask Infobip to set one up"
    ),
    "REJECTED_FLOODING_FILTER": Known(Verdict.TRY_ANOTHER, "rate_limited", _FLOOD),
    "REJECTED_SYSTEM_ERROR": Known(Verdict.TRY_ANOTHER, "provider_error", "Infobip has trouble of its own"),
    "REJECTED_MESSAGE_TOO_LONG": Known(
        Verdict.TRY_ANOTHER, "unknown", "more than 25 parts or 4000 bytes; shorten the text"
    ),
    "REJECTED_DESTINATION": Known(Verdict.REJECTED, "invalid_number", _NUMBER),
    "MISSING_TO": Known(Verdict.REJECTED, "invalid_number", _NUMBER),
    "SIGNALS_BLOCKED": Known(
        Verdict.REJECTED,
        "blocked",
        "Infobip's Signals took it for fraud; put the number on its trusted list if it isn't",
    ),
    "UNDELIVERABLE_REJECTED_PLATFORM": Known(
        Verdict.TRY_ANOTHER, "provider_error", "Infobip took the request for malformed, or has trouble of its own"
    ),
    # statuses of other groups
    "UNDELIVERABLE_REJECTED_OPERATOR": Known(
        Verdict.TRY_ANOTHER, "filtered", "the network rejected it; ask Infobip for its reason"
    ),
    "UNDELIVERABLE_NOT_DELIVERED": Known(Verdict.TRY_ANOTHER, "unreachable", _UNREACHABLE),
    "EXPIRED_EXPIRED": Known(Verdict.REJECTED, "expired", "the phone stayed out of reach for the code's whole life"),
    "EXPIRED_DLR_UNKNOWN": Known(Verdict.AMBIGUOUS, "unknown", "the network never said what became of it"),
    # errors of a report
    "EC_UNKNOWN_SUBSCRIBER": Known(Verdict.REJECTED, "invalid_number", _NUMBER),
    "EC_UNIDENTIFIED_SUBSCRIBER": Known(Verdict.REJECTED, "invalid_number", _NUMBER),
    "EC_INVALID_DESTINATION_ADDRESS": Known(Verdict.REJECTED, "invalid_number", _NUMBER),
    "EC_INVALID_REQUEST_DESTINATION": Known(Verdict.REJECTED, "invalid_number", _NUMBER),
    "EC_DEACTIVATED_LIST": Known(Verdict.REJECTED, "invalid_number", "the number is given up; send nothing more to it"),
    "EC_TELESERVICE_NOT_PROVISIONED": Known(Verdict.REJECTED, "not_mobile", _NO_SMS),
    "EC_BEARER_SERVICE_NOT_PROVISIONED": Known(Verdict.REJECTED, "not_mobile", _NO_SMS),
    "EC_DESTINATION_NOT_SMS_PROVISIONED": Known(Verdict.REJECTED, "not_mobile", _NO_SMS),
    "EC_DEST_ADDRESS_UNABLE_TO_RECEIVE_SMS": Known(Verdict.REJECTED, "not_mobile", _NO_SMS),
    "EC_ABSENT_SUBSCRIBER": Known(Verdict.TRY_ANOTHER, "unreachable", _UNREACHABLE),
    "EC_ABSENT_SUBSCRIBER_SM": Known(Verdict.TRY_ANOTHER, "unreachable", _UNREACHABLE),
    "EC_SUBSCRIBER_BUSY_FOR_MT_SMS": Known(Verdict.TRY_ANOTHER, "unreachable", _UNREACHABLE),
    "EC_SM_DELIVERY_FAILURE": Known(Verdict.TRY_ANOTHER, "unreachable", _UNREACHABLE),
    "EC_SM_DF_MEMORYCAPACITYEXCEEDED": Known(Verdict.TRY_ANOTHER, "unreachable", _UNREACHABLE),
    "EC_ROAMING_NOT_ALLOWED": Known(Verdict.TRY_ANOTHER, "unreachable", "the person roams where no SMS reaches them"),
    "EC_USER_OUT_OF_CREDIT": Known(Verdict.TRY_ANOTHER, "unreachable", "the person's prepaid credit is used up"),
    "EC_ILLEGAL_SUBSCRIBER": Known(Verdict.TRY_ANOTHER, "blocked", _BARRED),
    "EC_ILLEGAL_EQUIPMENT": Known(Verdict.TRY_ANOTHER, "blocked", "the network has blocked the phone"),
    "EC_CALL_BARRED": Known(Verdict.TRY_ANOTHER, "blocked", _BARRED),
    "EC_DEST_ADDRESS_SUSPENDED": Known(Verdict.TRY_ANOTHER, "blocked", _BARRED),
    "EC_DESTINATION_BLOCKED_BY_OPERATOR": Known(Verdict.TRY_ANOTHER, "blocked", _BARRED),
    "EC_BLACKLISTED_DESTINATIONADDRESS": Known(
        Verdict.REJECTED, "blocked", "the number is on a blocklist of the account or of its network"
    ),
    "EC_DEST_ADDRESS_BLACKLISTED": Known(
        Verdict.REJECTED, "opted_out", "the number is in its country's do-not-disturb register"
    ),
    "EC_CONTENT_BLOCKED": Known(Verdict.REJECTED, "opted_out", _STOP),
    "EC_SC_BLOCKED_BY_END_USER": Known(Verdict.REJECTED, "opted_out", _STOP),
    "EC_CONTENT_BLOCKED_BY_OPERATOR": Known(Verdict.TRY_ANOTHER, "filtered", _FILTERED),
    "EC_REJECTED_SPAM_BY_OPERATOR": Known(Verdict.TRY_ANOTHER, "filtered", _FILTERED),
    "EC_SMS_REJECTED_BY_MOBILE_OPERATOR": Known(Verdict.TRY_ANOTHER, "filtered", _FILTERED),
    "EC_INVALID_SOURCE_ADDRESS": Known(Verdict.MISCONFIGURED, "invalid_sender", _SENDER),
    "EC_SOURCE_ADDRESS_IS_BLOCKED": Known(Verdict.MISCONFIGURED, "invalid_sender", _SENDER),
    "EC_BLACKLISTED_SENDERADDRESS": Known(Verdict.MISCONFIGURED, "invalid_sender", _SENDER),
    "EC_SC_NOT_PROVISIONED": Known(Verdict.MISCONFIGURED, "unregistered_sender", _SENDER),
    "EC_SC_EXPIRED": Known(Verdict.MISCONFIGURED, "unregistered_sender", _SENDER),
    "EC_SC_BLOCKED": Known(Verdict.MISCONFIGURED, "unregistered_sender", _SENDER),
    "EC_TF_NUMBER_NOT_VERIFIED": Known(
        Verdict.MISCONFIGURED, "unregistered_sender", "the toll-free number isn't verified; have it verified by Infobip"
    ),
    "EC_CAMPAIGNID_NOT_PROVISIONED": Known(Verdict.MISCONFIGURED, "unregistered_sender", _CAMPAIGN),
    "EC_CAMPAIGN_ID_REJECTED": Known(Verdict.MISCONFIGURED, "unregistered_sender", _CAMPAIGN),
    "EC_ACCOUNT_NOT_PROVISIONED_FOR_CHANNEL": Known(
        Verdict.TRY_ANOTHER, "country_not_enabled", "the account reaches no such network; ask Infobip to set it up"
    ),
    "EC_LIMIT_REACHED": Known(Verdict.TRY_ANOTHER, "rate_limited", _LIMIT),
    "EC_QUOTA_REACHED": Known(Verdict.TRY_ANOTHER, "rate_limited", _LIMIT),
    "EC_10DLC_LIMIT_REACHED": Known(Verdict.TRY_ANOTHER, "rate_limited", _LIMIT),
    "EC_DESTINATION_FLOODING": Known(Verdict.TRY_ANOTHER, "rate_limited", _FLOOD),
    "EC_DESTINATION_TXT_FLOODING": Known(Verdict.TRY_ANOTHER, "rate_limited", _FLOOD),
    "EC_MONTHLY_LIMIT_REACHED": Known(
        Verdict.MISCONFIGURED, "no_funds", "the month's limit is reached; have it raised"
    ),
    "EC_SIGNALS_BLOCKED": Known(Verdict.REJECTED, "blocked", "Infobip's Signals took the message for fraud"),
    "EC_SIGNALS_HARD_LIMIT_REACHED": Known(Verdict.TRY_ANOTHER, "rate_limited", _LIMIT),
    "EC_VALIDITY_EXPIRED": Known(Verdict.REJECTED, "expired", _UNREACHABLE),
    "EC_VP_EXPIRED": Known(Verdict.REJECTED, "expired", _UNREACHABLE),
    "EC_MESSAGE_EXPIRED": Known(Verdict.REJECTED, "expired", _UNREACHABLE),
    "EC_MESSAGE_CANCELED": Known(Verdict.REJECTED, "expired", "its life was over before Infobip could hand it on"),
    "EC_SYSTEM_FAILURE": Known(Verdict.TRY_ANOTHER, "provider_error", "the person's network has trouble"),
    "EC_MOBILE_OPERATOR_NETWORK_ERROR": Known(
        Verdict.TRY_ANOTHER, "provider_error", "the person's network has trouble"
    ),
}

# Names whose group would say something else: a network's taking it is no delivery, and a silent network no end.
STATUSES: Mapping[str, MessageStatus] = {
    "PENDING_ENROUTE": "sent",
    "PENDING_WAITING_DELIVERY": "sent",
    "DELIVERED_TO_HANDSET": "delivered",
    "EXPIRED_DLR_UNKNOWN": "sent",
    "SIGNALS_BLOCKED": "failed",
}
GROUPS: Mapping[str, MessageStatus] = {
    "ACCEPTED": "accepted",
    "PENDING": "accepted",
    "DELIVERED": "sent",
    "UNDELIVERABLE": "undelivered",
    "EXPIRED": "expired",
    "REJECTED": "failed",
}
