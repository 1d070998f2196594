"""The simulated phone over HTTP: the page, its live state, and the long-poll twin for end-to-end tests."""

import json
import re
from functools import partial
from typing import Any

from flask import Blueprint, Response, jsonify, request

from otp_service.domain.errors import Refusal, invalid_field
from otp_service.web.dev.bubbles import Next
from otp_service.web.dev.phone import Phone

LONGEST_WAIT_S = 30.0
LONGEST_REPLY = 1000

_THIS_MACHINE = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
_PUNCTUATION = re.compile(r"[\s().\-\u2010-\u2015]")
_E164 = re.compile(r"\+[1-9][0-9]{4,14}")

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",  # codes are shown here
}


def blueprint(phone: Phone) -> Blueprint:
    """Everything under /dev; development only, because whoever reads it reads the codes."""
    dev = Blueprint("dev", __name__, url_prefix="/dev", static_folder="static", static_url_path="/static")
    dev.before_request(only_this_machine)
    dev.after_request(harden)
    dev.add_url_rule("/phone", "phone", partial(dev.send_static_file, "phone.html"))
    dev.add_url_rule("/messages", "messages", partial(messages, phone))
    dev.add_url_rule("/phone/state", "state", partial(state, phone))
    dev.add_url_rule("/phone/switch", "switch", partial(switch, phone), methods=["POST"])
    dev.add_url_rule("/phone/reply", "reply", partial(reply, phone), methods=["POST"])
    return dev


def messages(phone: Phone) -> Response:
    """Answers the messages to a number, or to all; waits for one if there is none yet."""
    found = phone.messages(_number_if_given(), request.args.get("after", ""), _wait_s())
    return jsonify(messages=[bubble.as_message() for bubble in found])


def state(phone: Phone) -> Response:
    """Answers what the page draws; waits until it is news."""
    return jsonify(phone.table(request.args.get("version", ""), _wait_s(), _number_if_given()).as_json())


def switch(phone: Phone) -> Response:
    """Sets what happens to the next message to a number."""
    body = _json_object()
    number, next_ = read_number(body.get("to")), body.get("next")
    if next_ not in list(Next):
        raise invalid_field("next", f"one of {', '.join(Next)}")
    phone.switch(number, Next(next_))
    return jsonify(to=number, next=next_)


def reply(phone: Phone) -> tuple[Response, int]:
    """Keeps an answer of the person who holds the phone."""
    body = _json_object()
    number, text = read_number(body.get("to")), body.get("text")
    if not isinstance(text, str) or not 1 <= len(text.strip()) <= LONGEST_REPLY:
        raise invalid_field("text", f"1 to {LONGEST_REPLY} characters")
    return jsonify(phone.reply(number, text.strip()).as_bubble()), 201


def only_this_machine() -> None:
    """Refuses every host name but this machine's own.

    A web site that lets its own name point to 127.0.0.1 (DNS rebinding) would otherwise read the codes.
    """
    if not _THIS_MACHINE.fullmatch(request.host):
        raise Refusal("forbidden", "The simulated phone answers only as 127.0.0.1, localhost or [::1].")


def harden(response: Response) -> Response:
    """Nothing from elsewhere runs in the page, frames it or keeps it."""
    response.headers.update(HEADERS)
    return response


def read_number(value: object) -> str:
    """An E.164 number from how people and careless clients write it: spaces, dashes, 00, or a + that became a space."""
    if not isinstance(value, str):
        raise invalid_field("to", "a number with its country code, like +41791234567")
    number = "+" + _PUNCTUATION.sub("", value).removeprefix("+").removeprefix("00")
    if not _E164.fullmatch(number):
        raise invalid_field("to", "a number with its country code, like +41791234567")
    return number


def _number_if_given() -> str | None:
    value = request.args.get("to")
    return read_number(value) if value else None


def _wait_s() -> float:
    try:
        wait_s = float(request.args.get("wait", "0"))
    except ValueError:
        wait_s = -1.0
    if not 0 <= wait_s <= LONGEST_WAIT_S:
        raise invalid_field("wait", f"0 to {LONGEST_WAIT_S:.0f} seconds")
    return wait_s


def _json_object() -> dict[str, Any]:
    # A form of another site can post text, but not JSON without asking first (CORS), and nobody answers that.
    if request.mimetype != "application/json":
        raise Refusal("unsupported_media_type", "Send application/json.")
    try:
        body = json.loads(request.get_data())
    except (ValueError, RecursionError):
        raise Refusal("invalid_json", "The body can't be read as JSON.") from None
    if not isinstance(body, dict):
        raise Refusal("invalid_json", "The body must be a JSON object.")
    return body
