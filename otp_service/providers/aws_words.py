"""What AWS End User Messaging says of a message, in its answers and in its events.

Sources: the enums of botocore 1.44, data/pinpoint-sms-voice-v2/2022-03-31/service-2.json; "Event types for SMS, MMS,
and voice" in docs.aws.amazon.com/sms-voice/latest/userguide; (*) from memory of the errors that every AWS service has.
"""

from collections.abc import Mapping

from otp_service.domain.messages import MessageStatus, Verdict
from otp_service.providers.base import Known

_CREDENTIALS = "AWS doesn't accept these credentials; check access_key_id, secret_access_key and session_token"
_COUNTRY = "AWS doesn't send to this country for you; enable it in the protect configuration or choose another provider"
_SENDER_ID = "this country takes registered sender IDs only; register the sender at AWS or choose another"
_ORIGIN = "AWS has no such sender for this country; check the sender, its pool and its registration"
_UNREACHABLE = "the phone is off, out of reach or out of order; the person must try again later"
_FILTERED = "the network took the message for spam; register the sender and use one text that doesn't change"

# Exceptions, their reasons, fields of a ValidationException, and events.
ERRORS: Mapping[str, Known] = {
    "ThrottlingException": Known(
        Verdict.TRY_LATER, "rate_limited", "more parts per second than the sender may send; ask AWS for a higher limit"
    ),
    "InternalServerException": Known(
        Verdict.TRY_ANOTHER, "provider_error", "AWS has trouble of its own; see its status"
    ),
    "ResourceNotFoundException": Known(
        Verdict.MISCONFIGURED, "invalid_sender", "the sender or configuration set is not in this region; check both"
    ),
    "AccessDeniedException": Known(
        Verdict.MISCONFIGURED, "bad_credentials", "the IAM user may not send; allow it sms-voice:SendTextMessage"
    ),
    "ACCOUNT_DISABLED": Known(
        Verdict.MISCONFIGURED, "bad_credentials", "AWS has disabled the account; ask its support"
    ),
    "INSUFFICIENT_ACCOUNT_REPUTATION": Known(
        Verdict.MISCONFIGURED, "blocked", "AWS has paused the account for its reputation; ask its support"
    ),
    # (*)
    "UnrecognizedClientException": Known(Verdict.MISCONFIGURED, "bad_credentials", _CREDENTIALS),
    "InvalidSignatureException": Known(
        Verdict.MISCONFIGURED, "bad_credentials", "the secret or this host's clock is wrong; check both"
    ),
    "InvalidClientTokenId": Known(Verdict.MISCONFIGURED, "bad_credentials", _CREDENTIALS),
    "ExpiredTokenException": Known(
        Verdict.MISCONFIGURED, "bad_credentials", "the session token has expired; use the keys of an IAM user"
    ),
    # ConflictException
    "DESTINATION_PHONE_NUMBER_OPTED_OUT": Known(
        Verdict.REJECTED, "opted_out", "the person answered STOP; only they can opt in again"
    ),
    "DESTINATION_PHONE_NUMBER_NOT_VERIFIED": Known(
        Verdict.MISCONFIGURED,
        "blocked",
        "the account is in the sandbox and reaches verified numbers only; ask to leave it",
    ),
    "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION": Known(Verdict.TRY_ANOTHER, "country_not_enabled", _COUNTRY),
    "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE": Known(
        Verdict.REJECTED, "blocked", "your protect configuration blocks this number; remove its override"
    ),
    "NO_ORIGINATION_IDENTITIES_FOUND": Known(Verdict.MISCONFIGURED, "invalid_sender", _ORIGIN),
    "NUMBER_CAPABILITIES_MISMATCH": Known(Verdict.MISCONFIGURED, "invalid_sender", "the sender number can't send SMS"),
    "MESSAGE_TYPE_MISMATCH": Known(
        Verdict.MISCONFIGURED, "invalid_sender", "the sender is for messages of the other type; choose another sender"
    ),
    "RESOURCE_NOT_ACTIVE": Known(
        Verdict.MISCONFIGURED, "unregistered_sender", "the sender isn't active yet; finish its registration"
    ),
    "REGISTRATION_NOT_COMPLETE": Known(
        Verdict.MISCONFIGURED, "unregistered_sender", "the sender's registration isn't complete; finish it at AWS"
    ),
    # ServiceQuotaExceededException
    "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT": Known(
        Verdict.MISCONFIGURED, "no_funds", "the month's spending limit is reached; raise it at AWS"
    ),
    # ValidationException
    "PRICE_OVER_THRESHOLD": Known(Verdict.TRY_ANOTHER, "no_funds", "the message costs more than max_price; raise it"),
    "COUNTRY_NOT_ENABLED": Known(Verdict.TRY_ANOTHER, "country_not_enabled", _COUNTRY),
    "DESTINATION_COUNTRY_BLOCKED": Known(Verdict.TRY_ANOTHER, "country_not_enabled", _COUNTRY),
    "INTERNATIONAL_SENDING_NOT_SUPPORTED": Known(
        Verdict.TRY_ANOTHER,
        "country_not_enabled",
        "this sender sends within its own country only; choose another sender",
    ),
    "COUNTRY_CODE_MISMATCH": Known(Verdict.TRY_ANOTHER, "invalid_sender", _ORIGIN),
    "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY": Known(Verdict.TRY_ANOTHER, "invalid_sender", _ORIGIN),
    "SENDER_ID_NOT_REGISTERED": Known(Verdict.TRY_ANOTHER, "unregistered_sender", _SENDER_ID),
    "SENDER_ID_REQUIRES_REGISTRATION": Known(Verdict.TRY_ANOTHER, "unregistered_sender", _SENDER_ID),
    "SENDER_ID_NOT_SUPPORTED": Known(
        Verdict.TRY_ANOTHER, "invalid_sender", "this country takes no sender IDs; choose a number as the sender"
    ),
    "CHANNEL_NOT_ENABLED": Known(
        Verdict.MISCONFIGURED, "invalid_sender", "the sender can't send SMS; enable it at AWS"
    ),
    "RESOURCE_NOT_ACCESSIBLE": Known(
        Verdict.MISCONFIGURED, "invalid_sender", "the sender is another account's; share it and give its ARN"
    ),
    "DestinationPhoneNumber": Known(Verdict.REJECTED, "invalid_number", "AWS takes this for no phone number"),
    "OriginationIdentity": Known(Verdict.MISCONFIGURED, "invalid_sender", _ORIGIN),
    "ConfigurationSetName": Known(Verdict.MISCONFIGURED, "provider_error", "AWS takes this for no configuration set"),
    # events of an end
    "TEXT_INVALID": Known(Verdict.REJECTED, "invalid_number", "there is no such number; the person must check it"),
    "TEXT_INVALID_MESSAGE": Known(
        Verdict.TRY_ANOTHER, "unknown", "AWS can't deliver this text; look at its characters"
    ),
    "TEXT_UNREACHABLE": Known(Verdict.TRY_ANOTHER, "unreachable", _UNREACHABLE),
    "TEXT_CARRIER_UNREACHABLE": Known(
        Verdict.TRY_ANOTHER, "unreachable", "the person's network had trouble; another provider may reach it"
    ),
    "TEXT_BLOCKED": Known(Verdict.REJECTED, "blocked", "the phone takes no messages; the person may have blocked them"),
    "TEXT_CARRIER_BLOCKED": Known(Verdict.TRY_ANOTHER, "filtered", _FILTERED),
    "TEXT_SPAM": Known(Verdict.TRY_ANOTHER, "filtered", _FILTERED),
    "TEXT_TTL_EXPIRED": Known(Verdict.REJECTED, "expired", "the code's life was over before AWS could hand it on"),
    "TEXT_PROTECT_BLOCKED": Known(
        Verdict.REJECTED, "blocked", "your protect configuration blocked the message as likely fraud; look at its rules"
    ),
    "TEXT_UNKNOWN": Known(Verdict.AMBIGUOUS, "unknown", "no network said anything within 72 hours"),
}

# eventType -> ours. SUCCESSFUL means that a network took it; in some countries AWS says it where others say DELIVERED.
# TEXT_UNKNOWN is no status: it moves nothing.
STATUSES: Mapping[str, MessageStatus] = {
    "TEXT_QUEUED": "accepted",
    "TEXT_PENDING": "accepted",
    "TEXT_SENT": "sent",
    "TEXT_SUCCESSFUL": "sent",
    "TEXT_DELIVERED": "delivered",
    "TEXT_INVALID": "undelivered",
    "TEXT_INVALID_MESSAGE": "failed",
    "TEXT_UNREACHABLE": "undelivered",
    "TEXT_CARRIER_UNREACHABLE": "undelivered",
    "TEXT_BLOCKED": "undelivered",
    "TEXT_CARRIER_BLOCKED": "undelivered",
    "TEXT_SPAM": "undelivered",
    "TEXT_TTL_EXPIRED": "expired",
    "TEXT_PROTECT_BLOCKED": "failed",
}
