"""What a callback makes us fetch: from the right host, within bounds, once."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from otp_service.domain.errors import Refusal
from otp_service.domain.messages import Callback
from otp_service.providers import build
from otp_service.service import vendor_fetch
from otp_service.service.vendor_fetch import MAX_BYTES, Fetched, confirm, with_certificate
from tests.nearby import Nearby, Vendor, vendor_nearby
from tests.providers.cases import NOW
from tests.providers.sns_topic import CERTIFICATE, CERTIFICATE_URL, OPTIONS, TOPIC, callback, signed

AWS = build("aws_sms", "aws", OPTIONS)
HOST = "sns.eu-central-1.amazonaws.com"


@pytest.fixture
def vendor() -> Iterator[type[Vendor]]:
    """A vendor's server, its answers and what it was asked."""
    with vendor_nearby(CERTIFICATE) as vendor:
        yield vendor


@pytest.fixture
def fetched(vendor: Any, monkeypatch: pytest.MonkeyPatch) -> Fetched:
    """With patience for a busy machine."""
    monkeypatch.setattr(vendor_fetch, "LIMIT_S", 60)
    monkeypatch.setattr(vendor_fetch, "WAITS", dict.fromkeys(vendor_fetch.WAITS, 60))
    return Fetched(vendor.transport)


def test_callback_gets_the_certificate_that_it_names(vendor: Any, fetched: Fetched) -> None:
    """A signed callback comes back with the certificate at its URL, and is authentic then."""
    told = with_certificate(AWS, callback(signed(), None), fetched)
    assert AWS.authentic(told, NOW)
    assert vendor.asked == [(HOST, CERTIFICATE_URL.partition(HOST)[2])]


def test_certificate_is_fetched_once(vendor: Any, fetched: Fetched) -> None:
    """A second callback with the same certificate asks for nothing."""
    for _ in range(3):
        with_certificate(AWS, callback(signed(), None), fetched)
    assert len(vendor.asked) == 1


def test_other_certificates_are_kept_in_bounds(vendor: Any, fetched: Fetched) -> None:
    """However many certificates callbacks name, a bounded number is kept."""
    for index in range(vendor_fetch.MOST_CERTIFICATES + 2):
        url = CERTIFICATE_URL.replace(".pem", f"{index}.pem")
        with_certificate(AWS, callback(signed(SigningCertURL=url), None), fetched)
    assert len(fetched._certificates) == 2


@pytest.mark.parametrize("changes", [{"TopicArn": TOPIC + "2"}, {"SigningCertURL": "https://evil.example/c.pem"}])
def test_callback_of_others_stays_as_it_is(vendor: Any, fetched: Fetched, changes: dict[str, str]) -> None:
    """A callback of another topic, or with a certificate from elsewhere, is left alone and asks nobody."""
    told = callback(signed(**changes), None)
    assert with_certificate(AWS, told, fetched) is told
    assert vendor.asked == []


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"status": 404}, id="not found"),
        pytest.param({"status": 500}, id="in trouble"),
        pytest.param({"status": 301}, id="moved"),
        pytest.param({"pieces": [b"x" * (MAX_BYTES + 1)]}, id="too large"),
        pytest.param({"pieces": [b"x"] * 40, "pause_s": 0.1}, id="too slow"),
        pytest.param({"pieces": [b"x", b"y"], "pause_s": 2.5}, id="stuck"),
    ],
)
def test_certificate_that_cant_be_had_is_a_matter_for_later(
    vendor: Any, fetched: Fetched, answers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate that is missing, moved, too large or too slow is refused as unavailable, and not kept."""
    monkeypatch.undo()  # with the deadlines of production
    vendor.answers.update(answers)
    with pytest.raises(Refusal) as refused:
        with_certificate(AWS, callback(signed(), None), fetched)
    assert (refused.value.code, fetched._certificates) == ("unavailable", {})
    assert len(vendor.asked) == 1


def test_vendor_that_is_away_is_a_matter_for_later() -> None:
    """A host that nobody listens at is refused as unavailable."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        transport = Nearby(held.getsockname()[1])
        with pytest.raises(Refusal, match="can't be fetched now"):
            with_certificate(AWS, callback(signed(), None), Fetched(transport))
        transport.close()


def test_only_https_is_asked(vendor: Any, fetched: Fetched) -> None:
    """A URL that isn't https is never asked, whoever gave it."""
    assert fetched.get(f"http://127.0.0.1:{vendor.transport.port}/") is None
    assert vendor.asked == []


def test_subscription_of_the_topic_is_confirmed(vendor: Any, fetched: Fetched) -> None:
    """A subscription is confirmed by one GET at the topic's own region, whatever the envelope's URL says."""
    assert confirm(AWS, callback(signed(kind="SubscriptionConfirmation")), fetched)
    assert vendor.asked == [(HOST, f"/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37")]


def test_event_confirms_nothing(vendor: Any, fetched: Fetched) -> None:
    """A callback that asks for no confirmation makes no call."""
    assert not confirm(AWS, callback(signed()), fetched)
    assert vendor.asked == []


def test_confirmation_that_fails_is_a_matter_for_later(vendor: Any, fetched: Fetched) -> None:
    """A confirmation that isn't answered well is refused as unavailable, so that the vendor asks again."""
    vendor.answers["status"] = 403
    with pytest.raises(Refusal, match="can't be confirmed now"):
        confirm(AWS, callback(signed(kind="SubscriptionConfirmation")), fetched)


def test_provider_that_signs_otherwise_fetches_nothing(vendor: Any, fetched: Fetched) -> None:
    """A provider without certificates gets its callback back, and confirms nothing."""
    twilio = build("twilio", "t", {"account_sid": "AC" + "0" * 32, "auth_token": "1" * 32, "sender": "+15005550006"})
    told = Callback("POST", "https://otp.example/r", {}, json.dumps(signed()).encode())
    assert with_certificate(twilio, told, fetched) is told
    assert not confirm(twilio, told, fetched)
    assert vendor.asked == []
