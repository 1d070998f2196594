"""Whatever a vendor says, in the shape of its own answers and reports, becomes known words and leaks nothing."""

import json
from functools import cache
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otp_service.domain.messages import RANKS, REASONS, Callback, Message, Verdict
from otp_service.providers import PROVIDERS, Provider
from otp_service.providers.answers import WORD
from tests.providers.cases import NOW, cases
from tests.providers.sns_topic import TOPIC

many = settings(max_examples=200)
SECRETS = ["+41791234567", "41791234567", "123456", "123456 is your code", "+41 79 123 45 67"]
KEYS = {
    "infobip": "messages messageId status name groupName error errorCode results requestError serviceException",
    "sinch": "id code text type batch_id status recipient client_reference",
    "messagebird": "id errors code description parameter status statusErrorCode statusReason recipient",
    "aws_sms": "MessageId __type Reason Fields Name Message Type TopicArn messageId eventType",
}
each_kind = pytest.mark.parametrize("kind", KEYS)


@cache
def of_kind(kind: str) -> Provider:
    """The provider of this kind that is recorded with most of its options."""
    return max((case for case in cases() if case.kind == kind), key=lambda case: len(case.data["options"])).provider()


@cache
def said(kind: str) -> st.SearchStrategy[Any]:
    """JSON of the vendor's own fields, with its own words, and with what must not be kept."""
    words = [*KEYS[kind].split(), *list(PROVIDERS[kind].errors)[:20], *SECRETS, "PENDING", "REJECTED", "Delivered"]  # type: ignore[attr-defined]
    leaves = st.none() | st.booleans() | st.integers(-10, 10**12) | st.sampled_from(words)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS[kind].split()), inner),
        max_leaves=12,
    )


@cache
def objects(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects of the vendor's own fields."""
    return st.dictionaries(st.sampled_from(KEYS[kind].split()), said(kind))


def keeps_nothing(raw: str | None, provider: Any) -> bool:
    """True if this is nothing, a word of the vendor's that we know, an HTTP status, or a short code."""
    return raw is None or raw in provider.errors or raw.startswith("http ") or WORD.match(raw) is not None


@pytest.mark.parametrize("kind", ["infobip", "sinch", "messagebird"])
@pytest.mark.parametrize(("sender", "told"), [("+41445551234", "41445551234"), ("41445", "41445"), ("+Shop", "+Shop")])
def test_number_as_sender_goes_without_its_plus(kind: str, sender: str, told: str) -> None:
    """A sender's number goes out in digits, as these vendors write it, and a name as it is."""
    request = of_kind(kind).request(Message("msg_1", "+41791234567", "x", "CH", sender=sender), NOW)
    sent = json.loads(request.content)
    found = {name: value for one in (sent, *sent.get("messages", [])) for name, value in one.items()}
    assert next(found[name] for name in ("sender", "from", "originator") if name in found) == told


@each_kind
@many
@given(data=st.data(), status=st.sampled_from([200, 201, 400, 403, 422, 429, 500]))
def test_any_answer_becomes_a_known_outcome(kind: str, data: st.DataObject, status: int) -> None:
    """Any answer of the vendor's shape becomes one of the six verdicts, and keeps no number, text or code."""
    provider = of_kind(kind)
    outcome = provider.outcome(httpx.Response(status, json=data.draw(said(kind))))
    assert (outcome.reason is None) == (outcome.verdict is Verdict.ACCEPTED)
    assert outcome.reason is None or outcome.reason in REASONS
    assert keeps_nothing(outcome.raw, provider)


@each_kind
@many
@given(data=st.data())
def test_any_report_becomes_known_receipts(kind: str, data: st.DataObject) -> None:
    """Any report of the vendor's shape becomes receipts in our words, and keeps no number, text or code."""
    provider = of_kind(kind)
    told = data.draw(objects(kind))
    query = urlencode({name: value for name, value in told.items() if isinstance(value, str | int)})
    event = {"Type": "Notification", "TopicArn": TOPIC, "Message": json.dumps(told)}
    for body in (told, {**told, "type": "recipient_delivery_report_sms"}, {"results": [told]}, event):
        callback = Callback("POST", f"https://otp.example/r?{query}", {}, json.dumps(body).encode())
        for receipt in provider.receipts(callback):
            assert RANKS[receipt.status] >= RANKS["accepted"]
            assert receipt.reason is None or receipt.reason in REASONS
            assert keeps_nothing(receipt.raw, provider)
