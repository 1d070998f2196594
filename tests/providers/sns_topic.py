"""A topic of Amazon SNS in the tests: its certificate, and envelopes signed as SNS documents it."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from otp_service.domain.messages import Callback
from tests.providers.cases import NOW

TOPIC = "arn:aws:sns:eu-central-1:123456789012:otp-events"
CERTIFICATE_URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
URL = "https://otp.example/v1/callbacks/aws/tok/receipts"
HASHES: dict[str, Any] = {"1": SHA1(), "2": SHA256()}
KEY = rsa.generate_private_key(65_537, 2048)
OPTIONS: dict[str, Any] = {
    "region": "eu-central-1",
    "access_key_id": "AKIDEXAMPLE000000001",
    "secret_access_key": "s3cret",
    "configuration_set": "otp",
    "topic_arn": TOPIC,
}


def certificate(key: Any, days: int = 365, at: float = NOW) -> bytes:
    """A certificate of that key, in force from a day before."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    begin = datetime.fromtimestamp(at, UTC) - timedelta(days=1)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    dated = made.not_valid_before(begin).not_valid_after(begin + timedelta(days=days))
    return dated.sign(key, SHA256()).public_bytes(Encoding.PEM)


CERTIFICATE = certificate(KEY)


def signed(version: str = "2", kind: str = "Notification", key: Any = KEY, **changes: str) -> dict[str, str]:
    """An envelope as SNS documents it, signed as SNS documents it."""
    told = {
        "Type": kind,
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": json.dumps({"messageId": "m-1", "eventType": "TEXT_DELIVERED"}),
        "Timestamp": "2026-09-21T13:00:00.000Z",
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
        **({} if kind == "Notification" else {"Token": "2336412f37", "SubscribeURL": "https://evil.example/"}),
        **changes,
    }
    middle = ["Subject"] if kind == "Notification" else ["SubscribeURL"]
    end = ["Timestamp"] + ([] if kind == "Notification" else ["Token"]) + ["TopicArn", "Type"]
    names = [name for name in ["Message", "MessageId", *middle, *end] if name in told]
    text = "".join(f"{name}\n{told[name]}\n" for name in names).encode()
    signature = key.sign(text, padding.PKCS1v15(), HASHES.get(version, SHA256()))
    return {**told, "Signature": base64.b64encode(signature).decode()}


def callback(envelope: Any, pem: bytes | None = CERTIFICATE) -> Callback:
    return Callback("POST", URL, {"content-type": "text/plain"}, json.dumps(envelope).encode(), pem)
