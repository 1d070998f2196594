"""Amazon SNS over HTTPS: the envelope of what a topic sends, its signature, and the subscription to confirm.

Sources: docs.aws.amazon.com/sns/latest/dg, "Verifying the signatures of Amazon SNS messages" and "Parsing message
formats". None was tried on a live account.
"""

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509 import Certificate, load_pem_x509_certificate

from otp_service.providers.answers import json_of

TOPIC = re.compile(
    r"arn:(aws|aws-cn|aws-us-gov):sns:([a-z]{2,4}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2}):[0-9]{12}:[\w.-]{1,256}"
)
CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9A-Za-z]{1,64}\.pem")
TOKEN = re.compile(r"[0-9A-Za-z_-]{1,1024}")

_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED: Mapping[str, tuple[str, ...]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
# A topic signs with version 1 until its SignatureVersion attribute is set to 2.
HASHES: Mapping[str, HashAlgorithm] = {"1": SHA1(), "2": SHA256()}  # noqa: S303 - what the vendor signs with

Envelope = Mapping[str, str]


def envelope_of(body: bytes, topic_arn: str) -> Envelope | None:
    """The envelope's texts, if it is one of that topic and of a kind that is signed."""
    told = json_of(body)
    if not isinstance(told, dict) or told.get("TopicArn") != topic_arn:
        return None
    envelope = {name: value for name, value in told.items() if isinstance(value, str)}
    return envelope if envelope.get("Type") in SIGNED else None


def certificate_url(envelope: Envelope) -> str | None:
    """Where the certificate lies, if that is a certificate of SNS in the topic's own region."""
    host, url = _host(envelope["TopicArn"]), envelope.get("SigningCertURL", "")
    return url if url.startswith(host) and CERTIFICATE.fullmatch(url[len(host) :]) else None


def confirmation_url(envelope: Envelope) -> str | None:
    """The call that confirms the subscription; made of its token alone, so that SubscribeURL leads us nowhere."""
    token = envelope.get("Token", "")
    if envelope["Type"] != "SubscriptionConfirmation" or not TOKEN.fullmatch(token):
        return None
    topic = envelope["TopicArn"]
    return f"{_host(topic)}/?Action=ConfirmSubscription&TopicArn={topic}&Token={token}"


def is_signed(envelope: Envelope, pem: bytes, now: float) -> bool:
    """True if the envelope's signature is the certificate's and the certificate is in force."""
    algorithm = HASHES.get(envelope.get("SignatureVersion", ""))
    if algorithm is None:
        return False
    try:
        certificate = load_pem_x509_certificate(pem)
        key = certificate.public_key()
        signature = base64.b64decode(envelope.get("Signature", ""), validate=True)
        if not isinstance(key, RSAPublicKey) or not _in_force(certificate, now):
            return False
        key.verify(signature, _signed_text(envelope), PKCS1v15(), algorithm)
    except (ValueError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _host(topic_arn: str) -> str:
    found = TOPIC.fullmatch(topic_arn)
    partition, region = found.groups() if found else ("", "invalid")
    return f"https://sns.{region}.amazonaws.com" + (".cn" if partition == "aws-cn" else "")


def _signed_text(envelope: Envelope) -> bytes:
    names = [name for name in SIGNED[envelope["Type"]] if name in envelope]
    return "".join(f"{name}\n{envelope[name]}\n" for name in names).encode("utf-8", "replace")


def _in_force(certificate: Certificate, now: float) -> bool:
    return certificate.not_valid_before_utc <= datetime.fromtimestamp(now, UTC) <= certificate.not_valid_after_utc
