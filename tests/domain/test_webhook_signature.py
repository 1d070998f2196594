"""Signatures of webhooks are those of Standard Webhooks."""

import base64
import json
from datetime import UTC, datetime

import pytest
import standardwebhooks
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from otp_service.domain.webhook_signature import PRIVATE, SECRET, key_text, public_key, signatures, verify

NOW_S = 1_800_000_000
OLD, NEW = key_text(SECRET, b"o" * 32), key_text(SECRET, b"n" * 32)
ED25519 = key_text(PRIVATE, b"e" * 32)
BODY = b'{"type":"message.delivered","data":{"reference":"Z\xc3\xbcrich"}}'


def headers(*keys: str, body: bytes = BODY, at_s: int = NOW_S) -> dict[str, str]:
    """The headers of a delivery that these keys signed."""
    signature = signatures(keys, "evt_1", at_s, body)
    return {"webhook-id": "evt_1", "webhook-timestamp": str(at_s), "webhook-signature": signature}


def test_row_23_the_golden_vector() -> None:
    """The specification's own example has the specification's own signature."""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    signature = signatures([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_library_of_pypi_accepts_ours() -> None:
    """What we sign, alone or beside other keys, `standardwebhooks` verifies with each of the secrets."""
    now_s = int(datetime.now(UTC).timestamp())
    for secret in (OLD, NEW):
        sent = headers(ED25519, NEW, OLD, at_s=now_s)
        assert standardwebhooks.Webhook(secret).verify(BODY, sent) == json.loads(BODY)


def test_we_accept_the_library_of_pypi() -> None:
    """What `standardwebhooks` signs we verify."""
    signature = standardwebhooks.Webhook(OLD).sign("evt_1", datetime.fromtimestamp(NOW_S, UTC), BODY.decode())
    sent = {"webhook-id": "evt_1", "webhook-timestamp": str(NOW_S), "webhook-signature": signature}
    verify([OLD], sent, BODY, NOW_S)


def test_an_asymmetric_signature_needs_no_secret() -> None:
    """A receiver who knows only the public key verifies `v1a`, which is plain Ed25519 over id, time and body."""
    sent = headers(ED25519)
    verify([public_key(ED25519)], sent, BODY, NOW_S)
    version, _, encoded = sent["webhook-signature"].partition(",")
    assert version == "v1a"
    public = Ed25519PrivateKey.from_private_bytes(b"e" * 32).public_key()
    public.verify(base64.b64decode(encoded), f"evt_1.{NOW_S}.".encode() + BODY)


def test_in_a_rotation_old_and_new_keys_are_right() -> None:
    """While two secrets sign, a receiver who knows either of them accepts."""
    sent = headers(NEW, OLD)
    assert sent["webhook-signature"].count("v1,") == 2
    verify([OLD], sent, BODY, NOW_S)
    verify([NEW], sent, BODY, NOW_S)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "evt_2"},
        {"webhook-timestamp": str(NOW_S + 1)},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-timestamp": "１８００００００００"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,!!!!"},
        {"webhook-signature": "v2,AAAA"},
    ],
)
def test_what_was_tampered_with_is_refused(change: dict[str, str]) -> None:
    """Another id, time or signature is refused."""
    with pytest.raises(ValueError, match=r"timestamp|signature"):
        verify([OLD], headers(OLD) | change, BODY, NOW_S)


def test_another_body_or_key_is_refused() -> None:
    """A body that differs in one byte is refused, and so is one that another key signed, or the other kind of key."""
    for keys, body in (([OLD], BODY + b" "), ([NEW], BODY), ([public_key(ED25519)], BODY)):
        with pytest.raises(ValueError, match="signature"):
            verify(keys, headers(OLD), body, NOW_S)


@pytest.mark.parametrize("off_s", [-301, 301])
def test_what_is_old_is_refused(off_s: int) -> None:
    """A delivery that was signed more than five minutes ago or ahead is a replay."""
    with pytest.raises(ValueError, match="timestamp"):
        verify([OLD], headers(OLD, at_s=NOW_S - off_s), BODY, NOW_S)


@pytest.mark.parametrize("key", ["", "whsec_", "whsec_AAAA", "whpk_AAAA", "whsec_" + "!" * 44, "secret_" + "A" * 44])
def test_a_key_that_is_none_is_refused_unsaid(key: str) -> None:
    """A key of another form or length is refused, and never repeated."""
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - base64's own words count too
        signatures([key], "evt_1", NOW_S, BODY)
    raw = key.partition("_")[2]
    assert not raw or raw not in str(refused.value)
