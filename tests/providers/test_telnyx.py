"""Telnyx beyond its fixtures: signatures against the vendor's own verifier, and what it can't carry."""

import base64
import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from telnyx.lib.webhook_verification import WebhookVerificationError, verify_webhook_signature

from otp_service.domain.messages import RANKS, Callback, Dlt, Message
from otp_service.providers import build
from otp_service.providers.telnyx import STATUSES
from tests.providers.cases import NOW

SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = base64.b64encode(SECRET.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
URL = "https://otp.example/v1/callbacks/telnyx/tok/receipts"
OPTIONS = {"api_key": "KEY1", "public_key": PUBLIC, "sender": "+15005550006"}
BODY = json.dumps({"data": {"event_type": "message.finalized", "payload": {"id": "4"}}}).encode()
PROFILE = "16fd2706-8baf-433b-82eb-8c7fada847da"

bodies = st.text(st.characters(exclude_categories=["Cs"]), max_size=60).map(str.encode)
moments = st.integers(min_value=int(NOW) - 900, max_value=int(NOW) + 900)


def authentic(told: Callback, now: float = NOW, **options: Any) -> bool:
    return build("telnyx", "t", {**OPTIONS, **options}).authentic(told, now)


def event(body: bytes = BODY, moment: str = str(int(NOW)), signature: bytes | None = None) -> Callback:
    made = SECRET.sign(moment.encode() + b"|" + body) if signature is None else signature
    told = {"telnyx-timestamp": moment, "telnyx-signature-ed25519": base64.b64encode(made).decode()}
    return Callback("POST", URL, told, body)


@given(body=bodies)
def test_what_we_believe_the_vendor_believes(body: bytes) -> None:
    """An event that is signed now is authentic here and for Telnyx's own SDK."""
    now = time.time()
    told = event(body, str(int(now)))
    verify_webhook_signature(told.body, told.headers, PUBLIC)
    assert authentic(told, now)


@given(body=bodies, other=bodies)
def test_signature_of_another_body_is_refused(body: bytes, other: bytes) -> None:
    """A signature holds for its own body only, here as in Telnyx's SDK."""
    now = time.time()
    told = event(body, str(int(now)), SECRET.sign(str(int(now)).encode() + b"|" + other))
    try:
        verify_webhook_signature(told.body, told.headers, PUBLIC)
        believed = True
    except WebhookVerificationError:
        believed = False
    assert authentic(told, now) == believed == (body == other)


@given(moment=moments)
def test_time_may_be_five_minutes_away(moment: int) -> None:
    """A well signed event is believed within five minutes of its time, before and after."""
    assert authentic(event(moment=str(moment))) == (abs(NOW - moment) <= 300)


def test_time_is_signed() -> None:
    """An old event with a new time is refused."""
    old = str(int(NOW) - 3600)
    told = event(signature=SECRET.sign(old.encode() + b"|" + BODY))
    assert not authentic(told)


@pytest.mark.parametrize("moment", ["", "soon", "-1", "1e9", "١٧٩٠٠٠٠٠٠٠", "9" * 40, f" {int(NOW)}"])
def test_time_that_is_none_is_refused(moment: str) -> None:
    """A time that is no whole number of seconds is refused, however well it is signed."""
    assert not authentic(event(moment=moment))


def test_signature_by_another_key_is_refused() -> None:
    """A signature by another key is refused."""
    moment = str(int(NOW))
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).sign(moment.encode() + b"|" + BODY)
    assert not authentic(event(signature=other))


@pytest.mark.parametrize("signature", ["", "AAAA", "é", "not base64!", "0" * 10_000])
def test_other_signature_is_refused(signature: str) -> None:
    """No signature, or any other one, is refused without a crash."""
    told = {"telnyx-timestamp": str(int(NOW)), "telnyx-signature-ed25519": signature}
    assert not authentic(Callback("POST", URL, told, BODY))


def test_event_without_headers_is_refused() -> None:
    """An event without a time and a signature is refused."""
    assert not authentic(Callback("POST", URL, {}, BODY))


def test_no_key_means_no_receipts() -> None:
    """Without the public key there are no receipts: none is asked for, and none is believed."""
    provider = build("telnyx", "t", {"api_key": "KEY1", "sender": "+15005550006"})
    request = provider.request(Message("msg_1", "+41791234567", "x", "CH", receipts_url=URL), NOW)
    assert not provider.sends_receipts
    assert not provider.authentic(event(), NOW)
    assert "webhook_url" not in json.loads(request.content)


def test_repeat_of_a_message_has_its_key() -> None:
    """A message always has the same Idempotency-Key, so that a repeat after a lost answer sends nothing twice."""
    provider = build("telnyx", "t", OPTIONS)
    keys = {
        provider.request(Message(id, "+41791234567", "x", "CH"), now).headers["idempotency-key"]
        for id in ("msg_1", "msg_2")
        for now in (NOW, NOW + 60)
    }
    assert keys == {"msg_1", "msg_2"}


@pytest.mark.parametrize(
    ("options", "message", "why"),
    [
        ({}, {}, None),
        ({}, {"sender": "60999"}, None),
        ({}, {"segments": 11}, "takes at most 10 segments"),
        ({}, {"sender": "Shop"}, "sends under a name only with messaging_profile_id"),
        ({"messaging_profile_id": PROFILE}, {"sender": "Shop"}, None),
        ({"messaging_profile_id": PROFILE}, {"sender": "My Shop"}, "takes as sender"),
        ({"messaging_profile_id": PROFILE}, {"sender": "ShopShopShop"}, "takes as sender"),
        ({}, {"dlt": Dlt("1", "2")}, "can't carry DLT ids"),
    ],
)
def test_message_that_it_would_change_is_unfit(
    options: dict[str, Any], message: dict[str, Any], why: str | None
) -> None:
    """What Telnyx would drop or change is refused with the reason."""
    found = build("telnyx", "t", {**OPTIONS, **options}).unfit(Message("m", "+41791234567", "x", "CH", **message))
    assert found is None if why is None else (found or "").startswith(why)


def test_tables_speak_our_words() -> None:
    """Each vendor status maps to one of our statuses."""
    assert set(STATUSES.values()) <= set(RANKS)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"api_key": ""}, "api_key: "),
        ({"public_key": "AAAA"}, "public_key: must be the public key of the portal"),
        ({"public_key": "no base64"}, "public_key: must be the public key of the portal"),
        ({"sender": None}, "sender, messaging_profile_id: give at least one"),
        ({"messaging_profile_id": "1"}, "messaging_profile_id: "),
        ({"base_url": "https://api.telnyx.com/v2"}, "base_url: "),
    ],
)
def test_option_that_makes_no_sense_is_refused(change: dict[str, Any], complaint: str) -> None:
    """An option that makes no sense is refused at load with its name."""
    with pytest.raises(ValueError, match=f"^{complaint}"):
        build("telnyx", "t", {**OPTIONS, **change})
