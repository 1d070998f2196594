"""Sinch beyond its fixtures: what its SDK makes of our requests, and its signature both ways."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sinch.domains.sms.models.v1.response import RecipientDeliveryReport
from sinch.domains.sms.models.v1.shared.text_request import TextRequest
from sinch.domains.sms.sinch_events.v1 import SmsSinchEvent

from otp_service.domain.messages import RANKS, REASONS, Callback, Message
from otp_service.providers import build
from otp_service.providers.sinch_words import ERRORS, REASONS_OF_STATUS, STATUSES
from tests.providers.cases import NOW, cases

OPTIONS: dict[str, Any] = {"service_plan_id": "plan1", "api_token": "t0ken"}
URL = "https://otp.example/v1/callbacks/sinch/tok/receipts"
SECRET = "hush-of-sinch"
VENDOR = SmsSinchEvent(SECRET)
BODY = b'{"type":"recipient_delivery_report_sms"}'

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
ascii_texts = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


def sinch(**changes: Any) -> Any:
    return build("sinch", "s", {**OPTIONS, **changes})


def signature(body: bytes, nonce: str, moment: str, secret: str = SECRET) -> str:
    text = body + f".{nonce}.{moment}".encode()
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


def headers(signed: str, nonce: str = "n0nce", moment: str = str(int(NOW))) -> dict[str, str]:
    name = "x-sinch-webhook-signature"
    return {name: signed, f"{name}-nonce": nonce, f"{name}-timestamp": moment, f"{name}-algorithm": "HmacSHA256"}


def called(body: bytes, told: dict[str, str]) -> Callback:
    return Callback("POST", URL, {"content-type": "application/json", **told}, body)


@given(text=texts, sender=st.none() | st.just("Shop"), left_s=st.integers(-10, 300_000))
def test_request_is_one_that_the_vendors_sdk_knows(text: str, sender: str | None, left_s: int) -> None:
    """Whatever the message, the SDK's model reads the request, with no field that it doesn't know."""
    message = Message("msg_1", "+41791234567", text, "CH", sender=sender, valid_for_s=left_s, receipts_url=URL)
    sent = json.loads(sinch().request(message, NOW).content)
    read = TextRequest(**sent)
    assert (read.to, read.body, read.from_, read.event_destination_target) == (["41791234567"], text, sender, URL)
    known = {field.alias or name for name, field in TextRequest.model_fields.items()}
    assert set(sent) <= known


@given(text=texts, nonce=ascii_texts)
def test_what_is_signed_is_authentic_here_and_there(text: str, nonce: str) -> None:
    """Any body and nonce, signed as Sinch documents it, is authentic here as it is for Sinch's own SDK."""
    body = json.dumps({"text": text}).encode()
    told = headers(signature(body, nonce, str(int(NOW))), nonce)
    assert VENDOR.validate_authentication_header(told, body)
    assert sinch(webhook_secret=SECRET).authentic(called(body, told), NOW)


@pytest.mark.parametrize("part", ["", "-nonce", "-timestamp"])
@pytest.mark.parametrize("value", ["x", "", "é", None])
def test_tampered_header_is_refused(part: str, value: str | None) -> None:
    """A callback of which one signed header is missing or another is refused, here and by Sinch's own SDK."""
    told: dict[str, Any] = {
        **headers(signature(BODY, "n0nce", str(int(NOW)))),
        f"x-sinch-webhook-signature{part}": value,
    }
    told = {name: value for name, value in told.items() if value is not None}
    assert not sinch(webhook_secret=SECRET).authentic(called(BODY, told), NOW)
    if value != "é":  # their comparison stumbles over it
        assert not VENDOR.validate_authentication_header(told, BODY)


def test_tampered_body_is_refused() -> None:
    """A body other than the signed one is refused."""
    told = headers(signature(BODY, "n0nce", str(int(NOW))))
    assert not sinch(webhook_secret=SECRET).authentic(called(BODY + b" ", told), NOW)


def test_signature_by_another_secret_is_refused() -> None:
    """A signature by another secret is refused."""
    told = headers(signature(BODY, "n0nce", str(int(NOW)), "other"))
    assert not sinch(webhook_secret=SECRET).authentic(called(BODY, told), NOW)


@pytest.mark.parametrize(("age_s", "believed"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)])
def test_signature_counts_for_five_minutes(age_s: int, believed: bool) -> None:
    """A signature counts five minutes before and after its own time."""
    moment = str(int(NOW) - age_s)
    told = headers(signature(BODY, "n0nce", moment), moment=moment)
    assert sinch(webhook_secret=SECRET).authentic(called(BODY, told), NOW) is believed


@pytest.mark.parametrize("moment", ["", "soon", "-1", "1e9", "٣", "9" * 400])
def test_time_that_is_none_is_refused(moment: str) -> None:
    """A time that isn't whole seconds is refused, however well it is signed."""
    told = headers(signature(BODY, "n0nce", moment), moment=moment)
    assert not sinch(webhook_secret=SECRET).authentic(called(BODY, told), NOW)


def test_without_a_secret_the_url_alone_speaks_for_a_report() -> None:
    """Sinch signs only where a secret was set up: else any callback at the unguessable URL is believed."""
    assert sinch().authentic(called(BODY, {}), NOW)


def test_recorded_reports_are_those_that_the_vendors_sdk_reads() -> None:
    """Each recorded report of a recipient is one for Sinch's own SDK too."""
    recorded = [
        told["json"]
        for case in cases()
        if case.kind == "sinch"
        for told in case.data.get("callbacks", [])
        if told["json"]["type"] == "recipient_delivery_report_sms"
    ]
    assert len(recorded) > 10
    assert all(isinstance(VENDOR.parse_event(dict(told)), RecipientDeliveryReport) for told in recorded)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"text": "pay ${name} now"}, "takes ${...} in a text for a parameter of its own"),
        ({"text": "pay $5 or ${} or {name}"}, None),
        ({"text": "x" * 1601}, "takes at most 1600 characters"),
        ({"sender": "Shop of Shops"}, "takes as sender a number, or a name of at most 11 characters of ASCII"),
        ({"sender": "My Shop"}, None),
    ],
)
def test_message_that_sinch_would_change_is_not_handed_over(changes: dict[str, Any], told: str | None) -> None:
    """What Sinch would put something else in place of, or can't take, is told beforehand."""
    assert sinch().unfit(Message(**{"id": "m", "to": "+41791234567", "text": "x", "country": "CH", **changes})) == told


def test_tables_speak_our_words() -> None:
    """Each word of Sinch leads to one of our reasons and statuses, and each error has a hint."""
    assert {*(known.reason for known in ERRORS.values()), *REASONS_OF_STATUS.values()} <= REASONS
    assert set(STATUSES.values()) <= set(RANKS)
    assert [word for word in ERRORS if not sinch().hint(word)] == []


values = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from([*STATUSES, 402, 150])
reports = st.dictionaries(st.sampled_from(["batch_id", "status", "code", "recipient"]), values)


@given(report=reports, told=st.dictionaries(st.sampled_from([*headers("")]), st.text(max_size=20)))
def test_nothing_that_sinch_says_makes_an_exception(report: dict[str, Any], told: dict[str, str]) -> None:
    """Reports and headers of whatever content are judged and read without a crash."""
    callback = called(json.dumps({"type": "recipient_delivery_report_sms", **report}).encode(), told)
    assert not sinch(webhook_secret=SECRET).authentic(callback, NOW)
    for receipt in sinch().receipts(callback):
        assert receipt.status in RANKS
        assert receipt.reason is None or receipt.reason in REASONS


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"region": "ch"}, "region: "),
        ({"service_plan_id": "a/b"}, "service_plan_id: "),
        ({"api_token": ""}, "api_token: "),
        ({"base_url": "https://host/xms"}, "base_url: "),
    ],
)
def test_option_that_makes_no_sense_is_refused(changes: dict[str, Any], complaint: str) -> None:
    """An option that makes no sense is refused at load with its name."""
    with pytest.raises(ValueError, match=f"^{complaint}"):
        sinch(**changes)
