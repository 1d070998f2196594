"""What Sinch says of a message: the codes of refused requests and of delivery reports.

Sources: developers.sinch.com/docs/sms/api-reference, "HTTP errors" and "Delivery reports", and "Status reports error
codes" of its HTTP and SMPP guides (github.com/sinch/docs); (*) from memory.
"""

from collections.abc import Mapping

from otp_service.domain.messages import MessageStatus, Verdict
from otp_service.providers.base import Known

_FORM = "Sinch takes a field not in this form, most often the sender or the number; compare both with its portal"
_ROUTE = "Sinch has no route to this number; tell its support"
_SCREENED = "a filter of Sinch or of the network blocks it; register the sender and use one text that doesn't change"
_NUMBER = "no network knows this number; the person must check it"
_NO_SMS = "this number takes no SMS; it may be a landline"
_AWAY = "the phone is off, out of reach or full; the person must try again later"
_NETWORK = "the person's network has trouble"
_BARRED = "the network has barred the number or the phone"
_SENDER = "the network doesn't take this sender; choose another"

ERRORS: Mapping[str, Known] = {
    # refused requests
    "syntax_invalid_json": Known(Verdict.TRY_ANOTHER, "bad_response", _FORM),
    "syntax_invalid_parameter_format": Known(Verdict.TRY_ANOTHER, "unknown", _FORM),
    "syntax_constraint_violation": Known(Verdict.TRY_ANOTHER, "unknown", _FORM),
    "missing_callback_url": Known(
        Verdict.MISCONFIGURED, "provider_error", "set OTP_PUBLIC_URL, so that Sinch can report"
    ),
    "unknown_campaign": Known(
        Verdict.MISCONFIGURED, "unregistered_sender", "the sender belongs to no such campaign; register it with Sinch"
    ),
    "illegal_number_type": Known(
        Verdict.TRY_ANOTHER, "invalid_sender", "this region doesn't take such a number; choose another sender or region"
    ),
    "blocked_account": Known(
        Verdict.MISCONFIGURED, "no_funds", "the account is blocked, mostly for its balance; top it up"
    ),
    # reports: of Sinch's REST service
    "402": Known(Verdict.TRY_ANOTHER, "unreachable", _ROUTE),
    "403": Known(Verdict.TRY_ANOTHER, "provider_error", "Sinch has trouble of its own"),
    "404": Known(Verdict.TRY_ANOTHER, "unreachable", _AWAY),
    "405": Known(
        Verdict.TRY_ANOTHER, "unknown", "the text holds ${...}, which Sinch takes for a parameter; write it else"
    ),
    "406": Known(Verdict.REJECTED, "expired", "its life was over before Sinch could hand it on"),
    "407": Known(Verdict.REJECTED, "canceled", "somebody canceled it at Sinch"),
    "408": Known(Verdict.TRY_ANOTHER, "filtered", _SCREENED),
    "410": Known(
        Verdict.MISCONFIGURED,
        "invalid_sender",
        "the service plan has no default sender for this country; name a sender",
    ),
    "411": Known(Verdict.TRY_ANOTHER, "unknown", "more parts than the service plan allows; shorten the text"),
    "412": Known(
        Verdict.TRY_ANOTHER, "country_not_enabled", "the plan isn't set up for this country; ask Sinch for it"
    ),
    "413": Known(Verdict.MISCONFIGURED, "no_funds", "the account is blocked, mostly for its balance; top it up"),  # (*)
    # reports: routing and screening
    "9": Known(Verdict.TRY_ANOTHER, "unreachable", _ROUTE),
    "10": Known(Verdict.TRY_ANOTHER, "unreachable", _ROUTE),
    "12": Known(Verdict.TRY_ANOTHER, "unreachable", _ROUTE),
    "15": Known(Verdict.TRY_ANOTHER, "filtered", _SCREENED),
    "60": Known(Verdict.TRY_ANOTHER, "invalid_sender", _SENDER),
    "61": Known(Verdict.TRY_ANOTHER, "blocked", "Sinch or the network blocks this number"),
    "62": Known(Verdict.TRY_ANOTHER, "filtered", _SCREENED),
    "64": Known(Verdict.TRY_ANOTHER, "rate_limited", "more than the plan allows; ask Sinch for a higher limit"),
    # reports: of the network's registers and exchanges
    "100": Known(Verdict.REJECTED, "invalid_number", _NUMBER),
    "102": Known(Verdict.TRY_ANOTHER, "provider_error", _NETWORK),
    "107": Known(Verdict.TRY_ANOTHER, "provider_error", _NETWORK),
    "150": Known(Verdict.REJECTED, "invalid_number", _NUMBER),
    "151": Known(Verdict.TRY_ANOTHER, "blocked", _BARRED),
    "152": Known(Verdict.REJECTED, "not_mobile", _NO_SMS),
    "153": Known(Verdict.TRY_ANOTHER, "unreachable", _AWAY),
    "155": Known(Verdict.TRY_ANOTHER, "provider_error", _NETWORK),
    "158": Known(Verdict.TRY_ANOTHER, "unreachable", _AWAY),
    "159": Known(Verdict.TRY_ANOTHER, "unreachable", _AWAY),
    "200": Known(Verdict.TRY_ANOTHER, "invalid_number", _NUMBER),
    "201": Known(Verdict.TRY_ANOTHER, "unreachable", _AWAY),
    "202": Known(Verdict.TRY_ANOTHER, "unreachable", _AWAY),
    "203": Known(Verdict.TRY_ANOTHER, "unreachable", _AWAY),
    "205": Known(Verdict.TRY_ANOTHER, "blocked", _BARRED),
    "206": Known(Verdict.TRY_ANOTHER, "blocked", _BARRED),
    "207": Known(Verdict.TRY_ANOTHER, "provider_error", _NETWORK),
    "210": Known(Verdict.TRY_ANOTHER, "unreachable", _AWAY),
    "254": Known(Verdict.TRY_ANOTHER, "blocked", "the person's own settings bar such messages"),
    "255": Known(Verdict.TRY_ANOTHER, "blocked", "the person's own settings bar such messages"),
    "300": Known(Verdict.REJECTED, "invalid_number", _NUMBER),
    "310": Known(Verdict.MISCONFIGURED, "invalid_sender", _SENDER),
}

# status -> ours, in capitals: its documents write it one way, its SDK the other.
STATUSES: Mapping[str, MessageStatus] = {
    "QUEUED": "accepted",
    "DISPATCHED": "sent",
    "UNKNOWN": "sent",  # the network took it and never said more
    "DELIVERED": "delivered",
    "FAILED": "undelivered",
    "DELETED": "undelivered",
    "ABORTED": "failed",
    "REJECTED": "failed",
    "EXPIRED": "expired",
    "CANCELLED": "canceled",
}
# What a status says where its code says nothing.
REASONS_OF_STATUS: Mapping[str, str] = {"EXPIRED": "expired", "CANCELLED": "canceled", "UNKNOWN": "unknown"}
