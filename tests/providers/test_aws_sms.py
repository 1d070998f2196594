"""AWS End User Messaging beyond its fixtures: every byte against botocore, and what it can't carry."""

from datetime import UTC, datetime
from typing import Any
from unittest import mock

import botocore.auth  # type: ignore[import-untyped]
import botocore.session  # type: ignore[import-untyped]
import pytest
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]
from botocore.serialize import create_serializer  # type: ignore[import-untyped]
from botocore.validate import ParamValidator  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.messages import RANKS, REASONS, Dlt, Message
from otp_service.providers import build
from otp_service.providers.aws_words import ERRORS, STATUSES
from tests.providers.cases import NOW

OPTIONS: dict[str, Any] = {
    "region": "eu-central-1",
    "access_key_id": "AKIDEXAMPLE000000001",
    "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
}
TOPIC = "arn:aws:sns:eu-central-1:123456789012:otp-events"
VENDOR = botocore.session.Session()
MODEL = VENDOR.get_service_model("pinpoint-sms-voice-v2")
OPERATION = MODEL.operation_model("SendTextMessage")

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)
visible = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=80)
messages = st.builds(
    Message,
    id=st.just("msg_1"),
    to=st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True),
    text=texts,
    country=st.just("IN"),
    sender=st.none() | st.from_regex(r"[A-Za-z0-9_:/+-]{1,20}", fullmatch=True),
    valid_for_s=st.integers(-10, 300_000),
    message_class=st.sampled_from(["code", "promotional", "transactional"]),
    dlt=st.none() | st.builds(Dlt, entity_id=visible.map(lambda v: v[:64]), template_id=visible.map(lambda v: v[:64])),
)
options = st.fixed_dictionaries(
    {
        "region": st.sampled_from(["eu-central-1", "us-gov-west-1", "ap-southeast-2"]),
        "access_key_id": st.from_regex(r"[A-Z0-9]{16,24}", fullmatch=True),
        "secret_access_key": visible,
    },
    optional={
        "session_token": visible,
        "sender": st.just("EXAMPLE"),
        "configuration_set": st.just("otp"),
        "max_price": st.just("0.25"),
    },
)


def aws(**changes: Any) -> Any:
    return build("aws_sms", "aws", {**OPTIONS, **changes})


def asked_of_botocore(told: dict[str, Any], message: Message, now: float) -> AWSRequest:
    """What AWS's own SDK would send for this message at this time."""
    wanted = {
        "DestinationPhoneNumber": message.to,
        "OriginationIdentity": message.sender or told.get("sender"),
        "MessageBody": message.text,
        "MessageType": "PROMOTIONAL" if message.message_class == "promotional" else "TRANSACTIONAL",
        "ConfigurationSetName": told.get("configuration_set"),
        "MaxPrice": told.get("max_price"),
        "TimeToLive": min(max(5, message.valid_for_s), 259_200),
        "DestinationCountryParameters": message.dlt
        and {"IN_TEMPLATE_ID": message.dlt.template_id, "IN_ENTITY_ID": message.dlt.entity_id},
    }
    params = {name: value for name, value in wanted.items() if value is not None}
    assert not ParamValidator().validate(params, OPERATION.input_shape).has_errors()
    serialized = create_serializer("json").serialize_to_request(params, OPERATION)
    url = f"https://sms-voice.{told['region']}.amazonaws.com{serialized['url_path']}"
    request = AWSRequest(serialized["method"], url, headers=serialized["headers"], data=serialized["body"])
    keys = Credentials(told["access_key_id"], told["secret_access_key"], told.get("session_token"))
    with mock.patch.object(botocore.auth, "get_current_datetime", return_value=datetime.fromtimestamp(now, UTC)):
        botocore.auth.SigV4Auth(keys, MODEL.signing_name, told["region"]).add_auth(request)
    return request


@given(told=options, message=messages, now=st.floats(1_600_000_000, 2_500_000_000))
def test_request_is_botocores_byte_by_byte(told: dict[str, Any], message: Message, now: float) -> None:
    """Whatever the message, date and credentials: URL, headers, signature and body are those of AWS's own SDK."""
    theirs = asked_of_botocore(told, message, now)
    ours = build("aws_sms", "aws", told).request(message, now)
    headers = {name: value for name, value in ours.headers.items() if name not in ("host", "content-length")}
    assert (ours.method, str(ours.url), ours.content) == (theirs.method, theirs.url, theirs.data)
    assert headers == {name.lower(): value for name, value in theirs.headers.items()}


@pytest.mark.parametrize("region", ["eu-central-1", "us-east-1", "us-gov-west-1", "il-central-1"])
def test_endpoint_is_the_one_that_botocore_finds(region: str) -> None:
    """Each region's endpoint is the one that AWS's own SDK finds for it."""
    client = VENDOR.create_client("pinpoint-sms-voice-v2", region, aws_access_key_id="x", aws_secret_access_key="x")
    request = aws(region=region).request(Message("msg_1", "+41791234567", "x", "CH"), NOW)
    assert str(request.url) == f"{client.meta.endpoint_url}/"


def test_endpoint_of_ones_own_network_is_signed_with_its_port() -> None:
    """Another base URL is asked, and signed as the host that the request names, its port included."""
    request = aws(base_url="http://127.0.0.1:4566").request(Message("msg_1", "+41791234567", "x", "CH"), NOW)
    other = aws(base_url="http://127.0.0.1:4567").request(Message("msg_1", "+41791234567", "x", "CH"), NOW)
    assert (str(request.url), request.headers["host"]) == ("http://127.0.0.1:4566/", "127.0.0.1:4566")
    assert request.headers["authorization"] != other.headers["authorization"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"sender": "My Shop"}, "takes senders of letters, digits and _ : / + - only"),
        ({"text": " \n"}, "takes no blank text"),
        ({"text": "x" * 1601}, "takes at most 1600 characters"),
        ({"dlt": Dlt("1" * 65, "2")}, "takes DLT ids of at most 64 characters, without spaces"),
        ({"dlt": Dlt("1", "2 3")}, "takes DLT ids of at most 64 characters, without spaces"),
        ({"dlt": Dlt("1", "2"), "sender": "SHOP", "text": "x" * 1600}, None),
    ],
)
def test_message_that_aws_refuses_is_not_handed_over(changes: dict[str, Any], told: str | None) -> None:
    """What AWS can't take as it is asked is told beforehand; nothing is cut or left out."""
    assert (
        aws().unfit(Message(**{"id": "msg_1", "to": "+919876543210", "text": "x", "country": "IN", **changes})) == told
    )


def test_tables_speak_our_words() -> None:
    """Each word of AWS leads to one of our reasons and statuses, and each that ends a message has a reason."""
    assert {known.reason for known in ERRORS.values()} <= REASONS
    assert set(STATUSES.values()) <= set(RANKS)
    assert [word for word, status in STATUSES.items() if RANKS[status] == 5 and word not in ERRORS] == []


def test_words_are_those_of_the_vendors_model() -> None:
    """Every reason and event in our tables stands in AWS's own model."""
    reasons = ("Conflict", "Validation", "ServiceQuotaExceeded", "AccessDenied")
    shapes = ["EventType", *(f"{name}ExceptionReason" for name in reasons)]
    theirs = {word for shape in shapes for word in MODEL.shape_for(shape).enum}
    assert {word for word in [*ERRORS, *STATUSES] if word.isupper()} <= theirs


def test_every_word_has_a_hint() -> None:
    """Each word that AWS may give has a sentence for whoever must act on it; what is unknown has none."""
    assert [word for word in ERRORS if not aws().hint(word)] == []
    assert aws().hint("KEYWORD_MISMATCH") is None
    assert aws().hint(None) is None


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"region": "Frankfurt"}, "region: "),
        ({"access_key_id": "short"}, "access_key_id: "),
        ({"session_token": "two words"}, "session_token: "),
        ({"sender": "My Shop"}, "sender: "),
        ({"max_price": "1"}, "max_price: "),
        ({"topic_arn": "otp-events", "configuration_set": "otp"}, "topic_arn: "),
        ({"topic_arn": TOPIC}, "configuration_set: events come by a configuration set only"),
        ({"base_url": "https://host/path"}, "base_url: "),
    ],
)
def test_option_that_makes_no_sense_is_refused(changes: dict[str, Any], complaint: str) -> None:
    """An option that makes no sense is refused at load with its name."""
    with pytest.raises(ValueError, match=f"^{complaint}"):
        aws(**changes)


def test_events_are_expected_only_where_a_topic_is_named() -> None:
    """Without a topic nothing is reported; with one, all reports come to one URL."""
    told = aws(configuration_set="otp", topic_arn=TOPIC)
    assert (told.sends_receipts, told.fixed_receipts) == (True, True)
    assert (aws().sends_receipts, aws().fixed_receipts) == (False, False)
