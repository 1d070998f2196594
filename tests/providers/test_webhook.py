"""The webhook beyond its fixtures: what its configuration may say, and whom it believes."""

import json
from copy import deepcopy
from typing import Any

import httpx
import pytest

from otp_service.domain.messages import Callback, Message, Verdict
from otp_service.providers import PROVIDERS, build, examine
from tests.providers.cases import NOW

OPTIONS: dict[str, Any] = {
    "url": "https://sms.example/send",
    "body": {"kind": "json", "values": {"to": "{to}", "text": "{text}"}},
}
REPORTS: dict[str, Any] = {"kind": "json", "id": "id", "status": "status", "statuses": {"ok": "delivered"}}
MESSAGE = Message("msg_1", "+41791234567", "123456 is your code", "CH")


def with_options(**changes: Any) -> dict[str, Any]:
    return {**deepcopy(OPTIONS), **changes}


def with_values(kind: str = "json", **values: Any) -> dict[str, Any]:
    return with_options(body={"kind": kind, "values": {"to": "{to}", "text": "{text}", **values}})


def sent(options: dict[str, Any], message: Message = MESSAGE) -> Any:
    return json.loads(build("webhook", "gateway", options).request(message, NOW).content)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"url": "sms.example/send"}, "url: "),
        ({"url": "https://user:pass@sms.example/send"}, "url: "),
        ({"url": "https://sms.example/{to}"}, "url: has no placeholders"),
        ({"method": "PATCH"}, "method: "),
        ({"method": "GET"}, "body: kind: a GET has no body"),
        ({"headers": {"Authorization": "x"}}, "headers: Authorization is set by itself"),
        ({"headers": {"X-Text": "{text}"}}, "headers: takes only these placeholders"),
        ({"headers": {"X-Bad": "a\r\nX-Other: b"}}, "headers.X-Bad: "),
        ({"auth": {}}, "auth: give either bearer, or username and password"),
        ({"auth": {"bearer": "t", "username": "u", "password": "p"}}, "auth: give either"),
        ({"auth": {"username": "u"}}, "auth: give either"),
        ({"auth": {"bearer": "two words"}}, "auth.bearer: must be visible ASCII"),
        ({"success": {"path": "status"}}, "success: path, equals: give both or neither"),
        ({"success": {"status": []}}, "success.status: "),
        ({"rejected": [200]}, "rejected.0: "),
        ({"success": {"status": [400]}, "rejected": [400]}, "rejected: a status can't be in success.status as well"),
        ({"id": {}}, "id: give either path or pattern"),
        ({"id": {"pattern": "id=.*"}}, "id.pattern: must have one group"),
        ({"id": {"pattern": "("}}, "id.pattern: is not a regular expression"),
        ({"receipts": REPORTS}, "id: receipts name a message by its id"),
        ({"id": {"path": "id"}, "receipts": {**REPORTS, "header": "X-Secret"}}, "receipts: header, secret: give both"),
        ({"id": {"path": "id"}, "receipts": {**REPORTS, "statuses": {"q": "queued"}}}, "receipts.statuses: queued is"),
        ({"id": {"path": "id"}, "receipts": {**REPORTS, "statuses": {"q": "lost"}}}, "receipts.statuses.q: "),
        ({"receipts": {key: REPORTS[key] for key in ("kind", "status", "statuses")}}, "receipts: name no message"),
        ({"body": {"kind": "xml", "values": {}}}, "body.kind: "),
        ({"body": {"kind": "json", "values": {"to": "{to}"}}}, "body: values must use {text}, and {to} or {to_digits}"),
        ({"body": {"kind": "json", "values": {"text": "{text}"}}}, "body: values must use"),
        (
            {"body": {"kind": "form", "values": {"to": "{to}", "text": ["{text}"]}}},
            "body: values: a form takes strings",
        ),
        ({"body": {"kind": "json", "values": {"x": "{password}"}}}, "body: values: an unknown placeholder"),
        ({"body": {"kind": "json", "values": {"to": "{to}", "text": "{text}", "cb": "{receipts_url}"}}}, "receipts: "),
    ],
)
def test_option_that_cannot_be_honoured_is_refused(change: dict[str, Any], complaint: str) -> None:
    """An option that the gateway can't honour is refused at load, with its name and what to do."""
    found = [f"{where}: {what}" for where, what in examine("webhook", with_options(**change))]
    assert len(found) == 1
    assert found[0].startswith(complaint)


def test_all_mistakes_are_told_at_once() -> None:
    """Several mistakes are all told in one go."""
    found = examine("webhook", with_options(url="x", method="PATCH", rejected=[1], speed=9))
    assert {where for where, _ in found} == {"url", "method", "rejected.0", "speed"}


def test_kind_that_is_unknown_is_refused_with_those_known() -> None:
    """An unknown kind is refused with a list of the known ones."""
    assert examine("pigeon", {}) == [("kind", f"is not known; known are {', '.join(PROVIDERS)}")]


def test_text_brings_no_placeholders_along() -> None:
    """A text that contains `{sender}` stays so: what was filled in is never looked into again."""
    message = Message("msg_1", "+41791234567", "pay {sender} {id} {{x}}", "CH", sender="Shop")
    assert sent(OPTIONS, message) == {"to": "+41791234567", "text": "pay {sender} {id} {{x}}"}


def test_absent_value_leaves_its_field_out() -> None:
    """A field whose only value is absent is left out; inside a longer string it is empty."""
    options = with_values(sender="{sender}", nested={"list": ["{sender}", "x{sender}"]})
    assert sent(options) == {"to": "+41791234567", "text": "123456 is your code", "nested": {"list": ["x"]}}


def test_number_stays_a_number_in_json() -> None:
    """A JSON value that is one placeholder of a number is a number; inside a longer string it is text."""
    found = sent(with_values(segments="{segments}", ttl="{valid_for_s}s", on=True, nothing=None))
    assert (found["segments"], found["ttl"], found["on"], found["nothing"]) == (1, "600s", True, None)


def test_braces_that_are_no_placeholder_stay() -> None:
    """Braces that enclose no name, such as JSON in a string, stay as they are."""
    assert sent(with_values(raw='{"a": {}}'))["raw"] == '{"a": {}}'


def test_query_of_the_url_is_kept() -> None:
    """A query in the configured URL stays beside the values."""
    options = with_options(
        method="GET", url="https://sms.example/send?key=a%2Bb", body={"kind": "query", "values": {"t": "{to} {text}"}}
    )
    request = build("webhook", "gateway", options).request(MESSAGE, NOW)
    assert dict(request.url.params) == {"key": "a+b", "t": "+41791234567 123456 is your code"}


def test_senders_of_the_message_comes_before_the_configured_one() -> None:
    """A message's own sender replaces the configured one."""
    options = {**with_values(sender="{sender}"), "sender": "Example"}
    assert sent(options)["sender"] == "Example"
    assert sent(options, Message("msg_1", "+41791234567", "x", "CH", sender="Shop"))["sender"] == "Shop"


@pytest.mark.parametrize(("said", "verdict"), [(1, Verdict.ACCEPTED), (True, "try_another"), ("1", "try_another")])
def test_success_compares_type_and_value(said: object, verdict: str) -> None:
    """The value that means success is compared with its type: 1, true and "1" are three things."""
    provider = build("webhook", "gateway", with_options(success={"path": "ok", "equals": 1}))
    assert provider.outcome(httpx.Response(200, json={"ok": said})).verdict == verdict


def test_charset_of_the_answer_is_not_trusted() -> None:
    """An answer that names a charset that is none is searched for the id all the same."""
    provider = build("webhook", "gateway", with_options(id={"pattern": "id=([0-9]+)"}))
    answer = httpx.Response(200, headers={"content-type": "text/plain; charset=base64"}, content=b"id=17")
    assert provider.outcome(answer).provider_message_id == "17"


@pytest.mark.parametrize(("given", "believed"), [("hush", True), ("hus", False), ("", False), ("hüsh", False)])
def test_callback_needs_the_configured_secret(given: str, believed: bool) -> None:
    """Where a secret header is configured, only a callback that carries it is authentic."""
    receipts = {**REPORTS, "header": "X-Secret", "secret": "hush"}
    provider = build("webhook", "gateway", with_options(id={"path": "id"}, receipts=receipts))
    assert provider.authentic(Callback("POST", "https://otp.example/r", {"x-secret": given}, b"{}"), 0) is believed


def test_callback_without_a_secret_rests_on_its_url() -> None:
    """Where no secret is configured, the token in the URL is all that speaks for a callback."""
    provider = build("webhook", "gateway", with_options(id={"path": "id"}, receipts=REPORTS))
    assert provider.sends_receipts
    assert provider.authentic(Callback("POST", "https://otp.example/r", {}, b"{}"), 0)


def test_gateway_without_receipts_believes_nobody() -> None:
    """A gateway whose receipts aren't configured sends none and takes no callback for authentic."""
    provider = build("webhook", "gateway", OPTIONS)
    assert not provider.sends_receipts
    assert not provider.authentic(Callback("POST", "https://otp.example/r", {}, b"{}"), 0)
