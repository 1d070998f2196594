"""AWS End User Messaging SMS, version 2: `SendTextMessage`, signed with SigV4, its events by way of SNS.

Sources: botocore 1.44, data/pinpoint-sms-voice-v2/2022-03-31/service-2.json (fields, bounds, errors) and serialize.py
(the JSON's bytes); "Example event data" in docs.aws.amazon.com/sms-voice/latest/userguide. None was tried on a live
account.
"""

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Self

import httpx
from pydantic import model_validator

from otp_service.domain.messages import Callback, Message, Outcome, Receipt, Verdict
from otp_service.providers import sns
from otp_service.providers.answers import json_of, unreadable, vendor_id, vendor_word
from otp_service.providers.aws_sigv4 import Signer, signed
from otp_service.providers.aws_words import ERRORS, STATUSES
from otp_service.providers.base import Options, Vendor, matching
from otp_service.providers.option_types import BaseUrl, HeaderSecret

MIN_TTL_S, MAX_TTL_S = 5, 259_200
SENDER = re.compile(r"[A-Za-z0-9_:/+-]{1,256}")
DLT_ID = re.compile(r"\S{1,64}")
HEADERS = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "PinpointSMSVoiceV2.SendTextMessage"}

Region = Annotated[str, matching(r"[a-z]{2,4}(-[a-z]{2,12}){1,3}-[0-9]{1,2}", "a region such as eu-central-1")]
AccessKey = Annotated[str, matching(r"[A-Z0-9]{16,128}", "16 or more capital letters and digits")]
Sender = Annotated[str, matching(SENDER.pattern, "a number, a sender ID, a pool or an ARN, without spaces")]
SetName = Annotated[str, matching(r"[A-Za-z0-9_:/-]{1,256}", "the name or ARN of a configuration set")]
Price = Annotated[str, matching(r"[0-9]{0,2}\.[0-9]{1,5}", "US dollars with a point, such as 0.25")]
TopicArn = Annotated[str, matching(sns.TOPIC.pattern, "the ARN of an SNS topic")]


class AwsSmsOptions(Options):
    """The keys of an IAM user that may send, a region, a sender, and the way that events take."""

    region: Region
    access_key_id: AccessKey
    secret_access_key: HeaderSecret
    session_token: HeaderSecret | None = None
    sender: Sender | None = None
    configuration_set: SetName | None = None
    topic_arn: TopicArn | None = None  # of the topic that the configuration set's events go to
    max_price: Price | None = None
    base_url: BaseUrl | None = None  # an endpoint of one's own network, say

    @model_validator(mode="after")
    def _events_have_a_source(self) -> Self:
        if self.topic_arn is not None and self.configuration_set is None:
            raise ValueError("configuration_set: events come by a configuration set only, so name the one of topic_arn")
        return self


class AwsSms(Vendor):
    """Sends by AWS End User Messaging, and reads the events that an SNS topic brings."""

    kind: ClassVar[str] = "aws_sms"
    options_type: ClassVar[type[Options]] = AwsSmsOptions
    fixed_receipts = True
    carries_dlt = True
    signed_by = "RSA by Amazon SNS"
    max_characters = 1600
    errors = ERRORS
    statuses = STATUSES

    def __init__(self, name: str, options: AwsSmsOptions) -> None:
        self.name = name
        self.sender = options.sender
        self.sends_receipts = self.fixed_receipts = options.topic_arn is not None
        self._options = options
        self._url = httpx.URL(f"{options.base_url or _endpoint(options.region)}/")
        self._signer = _signer(options)

    def unfit(self, message: Message) -> str | None:
        """What AWS would answer with an error anyway, told before it is asked."""
        if message.sender is not None and not SENDER.fullmatch(message.sender):
            return "takes senders of letters, digits and _ : / + - only"
        if not message.text.strip():
            return "takes no blank text"
        ids = (message.dlt.entity_id, message.dlt.template_id) if message.dlt else ()
        if not all(DLT_ID.fullmatch(one) for one in ids):
            return "takes DLT ids of at most 64 characters, without spaces"
        return super().unfit(message)

    def request(self, message: Message, now: float) -> httpx.Request:
        """A signed POST; AWS takes no validity below 5 seconds, and would take three days if none were given."""
        options = self._options
        wanted = {
            "DestinationPhoneNumber": message.to,
            "OriginationIdentity": message.sender or options.sender,
            "MessageBody": message.text,
            "MessageType": "PROMOTIONAL" if message.message_class == "promotional" else "TRANSACTIONAL",
            "ConfigurationSetName": options.configuration_set,
            "MaxPrice": options.max_price,
            "TimeToLive": min(max(MIN_TTL_S, message.valid_for_s), MAX_TTL_S),
            "DestinationCountryParameters": _country_parameters(message),
        }
        # As botocore writes it, so that one can be held against the other.
        body = json.dumps({name: value for name, value in wanted.items() if value is not None}).encode()
        return httpx.Request(
            "POST", self._url, content=body, headers=signed(self._signer, self._url, HEADERS, body, now)
        )

    def outcome(self, response: httpx.Response) -> Outcome:
        """200 with a MessageId is accepted; else the exception's field, reason or name decides, then the status."""
        body = json_of(response.content)
        told = body if isinstance(body, dict) else {}
        if response.is_success:
            found = vendor_id(told.get("MessageId"))
            return Outcome(Verdict.ACCEPTED, provider_message_id=found) if found else unreadable(response)
        words = list(_words(told))
        known = (word for word in words if word in ERRORS)
        return self.refusal(response, next(known, None) or next(filter(None, map(vendor_word, words)), None))

    def receipts(self, callback: Callback) -> list[Receipt]:
        """The one event of a notification, about one message with all its parts."""
        envelope = self._envelope(callback)
        told = json_of(envelope["Message"].encode("utf-8", "replace")) if envelope and "Message" in envelope else None
        if not isinstance(told, dict) or not envelope or envelope["Type"] != "Notification":
            return []
        found, kind = vendor_id(told.get("messageId")), told.get("eventType")
        if found is None or not isinstance(kind, str):
            return []
        return [self.receipt(found, kind, kind if kind in ERRORS else None)]

    def authentic(self, callback: Callback, now: float) -> bool:
        """True if the topic signed it; repeats are harmless, since a message only moves up."""
        envelope = self._envelope(callback)
        if envelope is None or callback.certificate is None:
            return False
        return sns.is_signed(envelope, callback.certificate, now)

    def certificate_url(self, callback: Callback) -> str | None:
        """Where SNS in the topic's region keeps the certificate that this envelope names."""
        envelope = self._envelope(callback)
        return sns.certificate_url(envelope) if envelope else None

    def confirmation_url(self, callback: Callback) -> str | None:
        """What confirms the topic's subscription, where the callback asks for that."""
        envelope = self._envelope(callback)
        return sns.confirmation_url(envelope) if envelope else None

    def _envelope(self, callback: Callback) -> sns.Envelope | None:
        topic = self._options.topic_arn
        return sns.envelope_of(callback.body, topic) if topic else None


def _endpoint(region: str) -> str:
    return f"https://sms-voice.{region}.amazonaws.com" + (".cn" if region.startswith("cn-") else "")


def _signer(options: AwsSmsOptions) -> Signer:
    token = options.session_token
    return Signer(
        options.access_key_id,
        options.secret_access_key.get_secret_value(),
        token.get_secret_value() if token else None,
        options.region,
        "sms-voice",
    )


def _country_parameters(message: Message) -> dict[str, str] | None:
    if message.dlt is None:
        return None
    return {"IN_TEMPLATE_ID": message.dlt.template_id, "IN_ENTITY_ID": message.dlt.entity_id}


def _words(told: dict[str, Any]) -> Iterator[str]:
    """What an exception says of itself, the most telling first: the field, the reason, its name."""
    fields = told.get("Fields")
    for one in fields if isinstance(fields, list) else []:
        if isinstance(one, dict) and isinstance(one.get("Name"), str):
            yield one["Name"]
    for value in (told.get("Reason"), told.get("__type")):
        if isinstance(value, str):
            yield value.rpartition("#")[2]
