"""Where a problem's `type` leads: what each refusal means and what to do about it."""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from html import escape

from flask import Blueprint, Response

from otp_service.domain.errors import PROBLEMS, Refusal

blueprint = Blueprint("problem_pages", __name__)


@dataclass(frozen=True, slots=True)
class Advice:
    """What a refusal means, and what whoever gets it does."""

    meaning: str
    remedy: str


ADVICE: dict[str, Advice] = {
    "invalid_json": Advice(
        "The body is not JSON in UTF-8.",
        "Send one JSON object. This is a fault of the calling program: repeating the request won't help.",
    ),
    "unauthenticated": Advice(
        "There was no API key, or it is unknown, expired, revoked, or used from an address that is not on its list. "
        "For a provider's callback: its signature does not match.",
        "Send 'Authorization: Bearer <API key>'. 'otp-service keys list' shows which keys are good, and from where.",
    ),
    "forbidden": Advice(
        "The API key is good but lacks the scope that this endpoint needs, or the policy has switched this off.",
        "Use a key with the scope that the detail names; an admin can create one, and change the policy.",
    ),
    "destination_blocked": Advice(
        "An admin has blocked this number, or all numbers that begin like it.",
        "Offer the person another way in. An admin sees and lifts blocks at /v1/admin/blocks.",
    ),
    "country_not_allowed": Advice(
        "The application's policy does not allow codes to this country. The country is the number's own: +44 may be "
        "Guernsey or the Isle of Man, +1 many Caribbean islands.",
        "If the application has users there, add the country to 'countries' in its policy.",
    ),
    "line_type_not_allowed": Advice(
        "The application's policy sends nothing to this type of number, such as premium-rate or satellite numbers.",
        "Ask the person for a mobile number. The types are 'blocked_line_types' in the policy.",
    ),
    "opted_out": Advice(
        "The person told the application that they want no more messages of this kind.",
        "Respect it. Codes that the person asks for are sent all the same. If they changed their mind, "
        "DELETE /v1/opt-outs/{number} lets messages through again.",
    ),
    "refused_as_fraud": Advice(
        "The request looks like an attempt to make the service send messages that only cost money.",
        "Offer the person another way in. If it was honest, an admin can look into it by the request id.",
    ),
    "challenge_required": Advice(
        "Before a code is sent, the person's device must solve a challenge; it is in 'challenge'.",
        "Show the person the page 'challenge.page', or solve it with /challenge/solver.js, and start again with the "
        "solution in the field 'challenge'. It is good once, for this number and client, for a few minutes.",
    ),
    "step_up_required": Advice(
        "The policy asks for the proof of a fresh verification of this user, and none was sent, or one that does not "
        "count: of another user or purpose, older than five minutes, shown before, or made with a test key.",
        "Start a verification with the purpose that the detail names and with 'user', check its code with the same "
        "'user', and send the 'proof' of the answer along. Each proof counts once.",
    ),
    "destination_disabled": Advice(
        "So many wrong codes in a row were typed for this number that it is disabled for start and check.",
        "Let the person prove who they are in another way; then an admin lifts the lock at /v1/admin/locks.",
    ),
    "user_disabled": Advice(
        "A hundred wrong codes in a row were typed for this user's factors; none is taken any more.",
        "Let the person prove who they are in another way; then an admin lifts it at /v1/admin/users.",
    ),
    "not_found": Advice(
        "There is nothing here: the path is wrong, nothing was started for this number, or the id is unknown or "
        "belongs to another application. These are not told apart on purpose.",
        "Check the path and the id; for a check by number, the number and the purpose. If the verification is over, "
        "start a new one.",
    ),
    "method_not_allowed": Advice(
        "The path exists but does not answer this method.",
        "The header Allow lists the methods that it answers.",
    ),
    "conflict": Advice(
        "What you want to create collides with something that exists, such as an application of the same name, or a "
        "message with the same reference that is alive.",
        "Choose another name, or use what exists.",
    ),
    "idempotency_in_flight": Advice(
        "A request with the same Idempotency-Key is still being answered.",
        "Repeat in a moment with the same key and body; you will get the first request's answer.",
    ),
    "not_pending": Advice(
        "The verification has ended: it was approved, failed, expired or canceled. It can't be sent again or canceled. "
        "Or a provider has the message, or it has ended: it can't be moved or canceled any more.",
        "Start a new verification. What became of a message, its status tells.",
    ),
    "payload_too_large": Advice(
        "The body is larger than 16 KiB.",
        "Send less; metadata and variables are for small things.",
    ),
    "unsupported_media_type": Advice(
        "The body is not declared as JSON.",
        "Send the header 'Content-Type: application/json'.",
    ),
    "invalid_field": Advice(
        "A field, a query parameter or a header is missing, unknown or not valid. 'errors' names each one and says "
        "what is wrong. Nothing was sent or counted: a malformed code costs no attempt.",
        "Correct the field. If a person typed it, show them the detail.",
    ),
    "idempotency_mismatch": Advice(
        "This Idempotency-Key was used in the last 24 hours with another body.",
        "Use a fresh key for every new request, and the same key only to repeat the very same request.",
    ),
    "rate_limited": Advice(
        "A limit of the application's policy is used up: for this number, for numbers like it, for this client address "
        "or for the whole application. The refused request used up nothing.",
        "Wait as long as Retry-After says. An admin sees what counts at /v1/admin/limits and can reset it.",
    ),
    "resend_too_soon": Advice(
        "The last code was sent only a moment ago; messages often take a few seconds.",
        "Wait as long as Retry-After says before you offer to send again.",
    ),
    "max_sends": Advice(
        "As many codes as the policy allows were sent to this number, and none of them was typed back.",
        "Ask the person whether the number is right. Sending works again after Retry-After.",
    ),
    "destination_locked": Advice(
        "Many wrong codes in a row were typed for this number, so new codes are delayed. A code that was already sent "
        "can still be typed.",
        "Wait as long as Retry-After says. The right code ends the lock; an admin can lift it at /v1/admin/locks.",
    ),
    "user_locked": Advice(
        "Several wrong codes in a row were typed for this user's factors, so the next try has to wait. Nothing was "
        "compared.",
        "Wait as long as Retry-After says. A right code ends the delays.",
    ),
    "spend_exhausted": Advice(
        "The messages of the last 24 hours have cost as much as the policy allows, in all or to this country.",
        "If the traffic is honest, raise 'spend_per_day_micros' or 'spend_per_country_per_day_micros' in the policy. "
        "If it is not, this has just protected your money.",
    ),
    "internal": Advice(
        "A fault of the service itself.",
        "Repeat with the same Idempotency-Key. If it stays, look for the request id in the service's log.",
    ),
    "unavailable": Advice(
        "The service can't reach what it needs, most likely its Redis. Rather than skip a limit it refuses.",
        "Repeat after Retry-After with the same Idempotency-Key: nothing is sent twice. /readyz says what is missing.",
    ),
}

STYLE = (
    "body{font:1rem/1.6 system-ui,sans-serif;color:#1c2733;max-width:42rem;margin:3rem auto;padding:0 1rem}"
    "h1{font-size:1.5rem}code{background:#eef2f6;padding:.1em .3em;border-radius:.2em}"
    "dt{font-weight:600;margin-top:1rem}dd{margin:0}a{color:#1d4f91}"
)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "public, max-age=300",
}


@blueprint.get("/problems")
def index() -> Response:
    """Every refusal with what it means."""
    rows = "".join(
        f'<dt><a href="problems/{code}"><code>{code}</code></a> {status}</dt><dd>{escape(ADVICE[code].meaning)}</dd>'
        for code, (status, _) in PROBLEMS.items()
    )
    return _page("Problems", f"<dl>{rows}</dl>")


@blueprint.get("/problems/<code>")
def one(code: str) -> Response:
    """One refusal: what it means and what to do."""
    if code not in PROBLEMS:
        raise Refusal("not_found", "there is no problem of this code")
    status, title = PROBLEMS[code]
    advice = ADVICE[code]
    return _page(
        title,
        f"<p><code>{code}</code>, HTTP status {status}</p>"
        f"<h2>What it means</h2><p>{escape(advice.meaning)}</p>"
        f"<h2>What to do</h2><p>{escape(advice.remedy)}</p>"
        '<p><a href="../problems">All problems</a></p>',
    )


def _page(title: str, content: str) -> Response:
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}: otp-service</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f"<body><h1>{escape(title)}</h1>{content}</body></html>\n"
    )
    return Response(text, headers=HEADERS, content_type="text/html; charset=utf-8")
