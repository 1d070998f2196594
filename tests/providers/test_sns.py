"""Amazon SNS: whose envelopes are believed, where certificates may come from, and what is confirmed."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from otp_service.providers import build
from tests.providers.cases import NOW
from tests.providers.sns_topic import CERTIFICATE, CERTIFICATE_URL, OPTIONS, TOPIC, callback, certificate, signed

AWS = build("aws_sms", "aws", OPTIONS)


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("kind", ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_what_the_topic_signs_is_authentic(version: str, kind: str) -> None:
    """An envelope of each kind, signed by SHA-1 or SHA-256 as its version says, is authentic."""
    assert AWS.authentic(callback(signed(version, kind)), NOW)


@given(text=st.text(st.characters(exclude_categories=["Cs"])), subject=st.text("ab\n"))
def test_any_text_of_the_topic_is_authentic(text: str, subject: str) -> None:
    """Whatever a message and its subject say, they are signed as they stand."""
    assert AWS.authentic(callback(signed(Message=text, Subject=subject)), NOW)


@pytest.mark.parametrize("name", ["Message", "MessageId", "Subject", "Timestamp", "Type", "Signature"])
def test_tampered_notification_is_refused(name: str) -> None:
    """A notification of which anything signed was changed afterwards is refused."""
    envelope = signed(Subject="event")
    other = {"Type": "SubscriptionConfirmation", "Signature": envelope["Signature"][::-1]}.get(name, "x")
    assert not AWS.authentic(callback({**envelope, name: other}), NOW)


@pytest.mark.parametrize("name", ["Token", "SubscribeURL"])
def test_tampered_confirmation_is_refused(name: str) -> None:
    """A request to confirm whose token or URL was changed afterwards is refused."""
    assert not AWS.authentic(callback({**signed(kind="SubscriptionConfirmation"), name: "x"}), NOW)


def test_missing_subject_is_not_signed_and_an_added_one_is_refused() -> None:
    """A subject that the topic didn't sign makes the envelope another one."""
    assert not AWS.authentic(callback({**signed(), "Subject": ""}), NOW)
    assert AWS.authentic(callback({**signed(), "Subject": None}), NOW)


@pytest.mark.parametrize("version", ["0", "3", "", "SHA256"])
def test_unknown_version_is_refused(version: str) -> None:
    """A signature version that isn't 1 or 2 is refused, however well it is signed."""
    assert not AWS.authentic(callback(signed(version)), NOW)


def test_version_says_which_hash_counts() -> None:
    """An envelope signed by SHA-1 isn't authentic as version 2."""
    assert not AWS.authentic(callback({**signed("1"), "SignatureVersion": "2"}), NOW)


def test_other_topic_is_refused() -> None:
    """An envelope of another topic is refused, though SNS signed it, and nothing is fetched for it."""
    told = callback(signed(TopicArn=TOPIC + "-of-others"))
    assert not AWS.authentic(told, NOW)
    assert (AWS.certificate_url(told), AWS.confirmation_url(told), AWS.receipts(told)) == (None, None, [])


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param(None, id="none"),
        pytest.param(b"", id="empty"),
        pytest.param(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", id="broken"),
        pytest.param(certificate(rsa.generate_private_key(65_537, 2048)), id="of another key"),
        pytest.param(certificate(ec.generate_private_key(ec.SECP256R1())), id="no RSA"),
    ],
)
def test_other_certificate_is_refused(pem: bytes | None) -> None:
    """Without the certificate that signed, no envelope is authentic."""
    assert not AWS.authentic(callback(signed(), pem), NOW)


@pytest.mark.parametrize(("after_days", "believed"), [(-2, False), (363, True), (365, False)])
def test_certificate_counts_while_it_is_in_force(after_days: int, believed: bool) -> None:
    """A certificate counts from its first day to its last."""
    assert AWS.authentic(callback(signed()), NOW + after_days * 86_400) is believed


def test_without_a_topic_nobody_is_believed() -> None:
    """Where no topic is configured, no envelope is authentic and nothing is fetched."""
    told = callback(signed())
    bare = build("aws_sms", "aws", {**OPTIONS, "topic_arn": None})
    assert not bare.authentic(told, NOW)
    assert (bare.certificate_url(told), bare.confirmation_url(told), bare.receipts(told)) == (None, None, [])


def test_certificate_of_the_topics_region_is_asked_for() -> None:
    """The certificate comes from SNS in the topic's own region."""
    assert AWS.certificate_url(callback(signed())) == CERTIFICATE_URL


def test_certificate_of_china_is_asked_for_there() -> None:
    """A topic in China has its certificates under amazonaws.com.cn."""
    topic = "arn:aws-cn:sns:cn-north-1:123456789012:otp"
    china = build("aws_sms", "aws", {**OPTIONS, "region": "cn-north-1", "topic_arn": topic})
    url = "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0a.pem"
    assert china.certificate_url(callback(signed(TopicArn=topic, SigningCertURL=url))) == url
    assert china.certificate_url(callback(signed(TopicArn=topic, SigningCertURL=url.replace(".cn/", "/")))) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem",
        "https://sns.eu-central-1.amazonaws.com.evil.example/SimpleNotificationService-0a.pem",
        "https://sns.eu-central-1.amazonaws.com:444/SimpleNotificationService-0a.pem",
        "https://sns.eu-central-1.amazonaws.com@evil.example/SimpleNotificationService-0a.pem",
        "https://evil.example/https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a.pem",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a.pem?x=1",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a.pem\n",
        "https://sns.eu-central-1.amazonaws.com/../SimpleNotificationService-0a.pem",
        "https://sns.eu-central-1.amazonaws.com/?Action=GetTopicAttributes&x=.pem",
        "https://s3.eu-central-1.amazonaws.com/sns/SimpleNotificationService-0a.pem",
    ],
)
def test_certificate_from_elsewhere_is_never_asked_for(url: str) -> None:
    """No other host, scheme, port or path is asked for a certificate."""
    assert AWS.certificate_url(callback(signed(SigningCertURL=url))) is None


def test_subscription_is_confirmed_at_the_topics_region_only() -> None:
    """A subscription is confirmed by a URL made of its token; the one that the envelope names is not followed."""
    assert AWS.confirmation_url(callback(signed(kind="SubscriptionConfirmation"))) == (
        f"https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37"
    )


@pytest.mark.parametrize("kind", ["Notification", "UnsubscribeConfirmation"])
def test_nothing_else_is_confirmed(kind: str) -> None:
    """Neither a notification nor the end of a subscription is answered by a call."""
    assert AWS.confirmation_url(callback(signed(kind=kind))) is None


@pytest.mark.parametrize("token", ["", "a&Action=Publish", "a b", "x" * 1025])
def test_token_that_is_none_is_not_confirmed(token: str) -> None:
    """A token that could be anything but a token makes no URL."""
    assert AWS.confirmation_url(callback(signed(kind="SubscriptionConfirmation", Token=token))) is None


values = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.lists(st.text(max_size=3), max_size=2)
envelopes = st.dictionaries(
    st.sampled_from(["Type", "Message", "MessageId", "Subject", "Signature", "SignatureVersion", "Token", "Timestamp"]),
    values | st.sampled_from(["Notification", "SubscriptionConfirmation", "1", "2", "{}", '{"messageId": 1}']),
)


@given(told=envelopes, pem=st.none() | st.binary(max_size=80) | st.just(CERTIFICATE))
def test_no_envelope_makes_an_exception(told: dict[str, Any], pem: bytes | None) -> None:
    """Whatever stands in an envelope of the topic, it is judged, read and looked up without a crash."""
    asked = callback({**told, "TopicArn": TOPIC}, pem)
    assert not AWS.authentic(asked, NOW)
    assert AWS.certificate_url(asked) is None
    assert isinstance(AWS.receipts(asked), list)
    assert (AWS.confirmation_url(asked) or "https://sns.eu-central-1.").startswith("https://sns.eu-central-1.")
