"""Infobip beyond its fixtures: what its SDK makes of our requests, and what proves a report."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from infobip_api_client.models import SmsDeliveryReport, SmsDeliveryResult, SmsRequest

from otp_service.domain.messages import RANKS, REASONS, Callback, Dlt, Message
from otp_service.providers import build
from otp_service.providers.infobip_words import ERRORS, GROUPS, STATUSES
from tests.providers.cases import NOW

OPTIONS: dict[str, Any] = {"base_url": "https://xyz.api.infobip.com", "api_key": "k3y"}
URL = "https://otp.example/v1/callbacks/infobip/tok/receipts"
BODY = b'{"results":[]}'
BASIC = {"username": "infobip", "password": "hush:hush"}
HMAC = {"header": "X-Infobip-Signature", "secret": "hush"}

messages = st.builds(
    Message,
    id=st.from_regex(r"msg_[0-9A-Za-z]{1,40}", fullmatch=True),
    to=st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True),
    text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200),
    country=st.just("IN"),
    sender=st.none() | st.just("Shop"),
    valid_for_s=st.integers(-10, 300_000),
    receipts_url=st.none() | st.just(URL),
    dlt=st.none() | st.just(Dlt("1101", "1107")),
)


def infobip(**changes: Any) -> Any:
    return build("infobip", "i", {**OPTIONS, **changes})


def called(body: bytes = BODY, **headers: str) -> Callback:
    return Callback("POST", URL, {"content-type": "application/json", **headers}, body)


@given(message=messages)
def test_request_is_one_that_the_vendors_sdk_knows(message: Message) -> None:
    """Whatever the message, the SDK's models read the request whole: no field is unknown to them or of another type."""
    sent = json.loads(infobip().request(message, NOW).content)
    assert SmsRequest.from_dict(sent).to_dict() == sent


@pytest.mark.parametrize(("left_s", "told_s"), [(-5, 1), (540, 540), (200_000, 172_800)])
def test_validity_is_what_is_left_of_the_codes_life(left_s: int, told_s: int) -> None:
    """The remaining life goes along, from a second to the two days that Infobip takes."""
    sent = json.loads(infobip().request(Message("m", "+41791234567", "x", "CH", valid_for_s=left_s), NOW).content)
    assert sent["messages"][0]["options"]["validityPeriod"] == {"amount": told_s, "timeUnit": "SECONDS"}


def test_report_of_the_vendors_model_is_read() -> None:
    """A report as the SDK's models write it becomes a receipt."""
    report = SmsDeliveryReport.from_dict(
        {
            "messageId": "msg_1",
            "status": {"groupId": 3, "groupName": "DELIVERED", "id": 5, "name": "DELIVERED_TO_HANDSET"},
            "error": {"groupId": 0, "groupName": "OK", "id": 0, "name": "NO_ERROR", "permanent": False},
        }
    )
    body = json.dumps(SmsDeliveryResult(results=[report]).to_dict()).encode()
    assert [(one.provider_message_id, one.status) for one in infobip().receipts(called(body))] == [
        ("msg_1", "delivered")
    ]


def test_id_that_infobip_has_already_counts_as_taken() -> None:
    """The same message goes out under the same id, so that a repeat can't be sent twice."""
    first, second = (
        json.loads(infobip().request(Message("msg_1", "+41791234567", "x", "CH"), at).content) for at in (1, 2)
    )
    assert first["messages"][0]["destinations"] == second["messages"][0]["destinations"]
    assert first["messages"][0]["destinations"][0]["messageId"] == "msg_1"


def test_without_a_proof_the_url_alone_speaks_for_a_report() -> None:
    """Infobip signs nothing by default: then any callback at the unguessable URL is believed."""
    assert infobip().authentic(called(), NOW)


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("given", "believed"),
    [
        (basic("infobip:hush:hush"), True),
        (basic("infobip:hush:hush").replace("Basic", "basic"), True),
        (basic("infobip:hush"), False),
        (basic("other:hush:hush"), False),
        (basic("infobip:hush:hush").replace("Basic", "Bearer"), False),
        ("Basic", False),
        ("Basic é", False),
        ("", False),
    ],
)
def test_password_is_asked_for_where_one_is_configured(given: str, believed: bool) -> None:
    """With a configured name and password, only a callback that carries both is authentic."""
    assert infobip(receipts_basic=BASIC).authentic(called(authorization=given), NOW) is believed


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
@pytest.mark.parametrize("prefix", [True, False])
def test_hmac_is_asked_for_where_one_is_configured(algorithm: str, encoding: str, prefix: bool) -> None:
    """With a configured HMAC, a callback is authentic by the digest of its very bytes, and no other is."""
    provider = infobip(receipts_hmac={**HMAC, "algorithm": algorithm, "encoding": encoding})
    mac = hmac.new(b"hush", BODY, getattr(hashlib, algorithm))
    text = mac.hexdigest().upper() if encoding == "hex" else base64.b64encode(mac.digest()).decode()
    signature = f"{algorithm}={text}" if prefix else text
    assert provider.authentic(called(**{"x-infobip-signature": signature}), NOW)
    assert not provider.authentic(called(BODY + b" ", **{"x-infobip-signature": signature}), NOW)


@pytest.mark.parametrize("signature", ["", "é", "sha256=", "0" * 64])
def test_other_hmac_is_refused(signature: str) -> None:
    """No HMAC, or any other one, is refused without a crash."""
    assert not infobip(receipts_hmac=HMAC).authentic(called(**{"x-infobip-signature": signature}), NOW)


def test_both_proofs_are_asked_for_where_both_are_configured() -> None:
    """Where a password and an HMAC are configured, one of them is not enough."""
    provider = infobip(receipts_basic=BASIC, receipts_hmac=HMAC)
    mac = hmac.new(b"hush", BODY, hashlib.sha256).hexdigest()
    assert not provider.authentic(called(authorization=basic("infobip:hush:hush")), NOW)
    assert not provider.authentic(called(**{"x-infobip-signature": mac}), NOW)
    assert provider.authentic(called(authorization=basic("infobip:hush:hush"), **{"x-infobip-signature": mac}), NOW)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"segments": 26}, "takes at most 25 segments and 4000 bytes"),
        ({"text": "é" * 2001}, "takes at most 25 segments and 4000 bytes"),
        ({"sender": "Shop of Shops"}, "takes as sender a number, or a name of at most 11 characters of ASCII"),
        ({"sender": "Läden"}, "takes as sender a number, or a name of at most 11 characters of ASCII"),
        ({"sender": "+41445551234", "dlt": Dlt("1", "2"), "text": "é" * 2000}, None),
    ],
)
def test_message_that_infobip_would_refuse_is_not_handed_over(changes: dict[str, Any], told: str | None) -> None:
    """What Infobip can't take as it is asked is told beforehand; nothing is cut or left out."""
    message = Message(**{"id": "m", "to": "+919876543210", "text": "x", "country": "IN", **changes})
    assert infobip().unfit(message) == told


def test_tables_speak_our_words() -> None:
    """Each word of Infobip leads to one of our reasons and statuses, and each error has a hint."""
    assert {known.reason for known in ERRORS.values()} <= REASONS
    assert {*STATUSES.values(), *GROUPS.values()} <= set(RANKS)
    assert [word for word in ERRORS if not infobip().hint(word)] == []


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([*ERRORS, *GROUPS]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["results", "messageId", "status", "name", "groupName", "error"]), inner)
    ),
    max_leaves=12,
)


@given(results=st.lists(values, max_size=4), status=st.sampled_from([200, 400]))
def test_nothing_that_infobip_says_makes_an_exception(results: list[Any], status: int) -> None:
    """Reports of whatever shape become receipts with known words, or none."""
    for receipt in infobip().receipts(called(json.dumps({"results": results}).encode())):
        assert receipt.status in RANKS
        assert receipt.reason is None or receipt.reason in REASONS


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"base_url": "xyz.api.infobip.com"}, "base_url: "),
        ({"api_key": "two words"}, "api_key: "),
        ({"sender": "Shop of Shops"}, "sender: "),
        ({"receipts_basic": {"username": "a:b", "password": "x"}}, "receipts_basic.username: "),
        ({"receipts_hmac": {"header": "X", "secret": "x", "algorithm": "md5"}}, "receipts_hmac.algorithm: "),
    ],
)
def test_option_that_makes_no_sense_is_refused(changes: dict[str, Any], complaint: str) -> None:
    """An option that makes no sense is refused at load with its name."""
    with pytest.raises(ValueError, match=f"^{complaint}"):
        infobip(**changes)
