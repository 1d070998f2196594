"""Vonage's Messages API: `POST /v1/messages` in JSON, answered 202, reported by signed status webhooks.

Sources: fields, limits and hosts from the SDK (vonage-messages 1.8: `models/sms.py`, `models/base_message.py`);
webhooks from api/messages and messages/concepts/signed-webhooks of Vonage's documentation; errors in
`vonage_words.py`. What is marked (*) is from memory. None was tried on a live account.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import AfterValidator, SecretStr, model_validator

from otp_service.domain.messages import Callback, Message, MessageStatus, Outcome, Receipt, Verdict
from otp_service.providers import vonage_account
from otp_service.providers.answers import at, json_of, unreadable, vendor_id, vendor_word
from otp_service.providers.base import Options, Vendor
from otp_service.providers.option_types import BaseUrl, Secret, Uuid
from otp_service.providers.proofs import basic
from otp_service.providers.vonage_account import MAX_CHARACTERS, MAX_VALIDITY_S, TYPES, ApiKey, Sender
from otp_service.providers.vonage_signature import application_token, is_of_account
from otp_service.providers.vonage_words import ERRORS

# status of a webhook -> ours
STATUSES: Mapping[str, MessageStatus] = {
    "submitted": "sent",  # (*) to the network
    "delivered": "delivered",
    "read": "delivered",
    "rejected": "failed",
    "undeliverable": "undelivered",
}


def _rsa_key(pem: SecretStr) -> RSAPrivateKey:
    key = load_pem_private_key(pem.get_secret_value().encode(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("another kind of key")
    return key


def _is_rsa_key(pem: SecretStr | None) -> SecretStr | None:
    if pem is None:
        return None
    try:
        _rsa_key(pem)
    except (ValueError, TypeError):
        raise ValueError("must be the application's private key, RSA in PEM without a password") from None
    return pem


PrivateKey = Annotated[SecretStr | None, AfterValidator(_is_rsa_key)]


class VonageOptions(Options):
    """An account with an application or a secret to send with, a sender, and the secret that proves the receipts."""

    api_key: ApiKey
    api_secret: Secret | None = None
    application_id: Uuid | None = None
    private_key: PrivateKey = None
    signature_secret: Secret | None = None
    sender: Sender
    base_url: BaseUrl = "https://api.nexmo.com"

    @model_validator(mode="after")
    def _has_one_proof(self) -> Self:
        if (self.application_id is None) != (self.private_key is None):
            raise ValueError("application_id, private_key: give both or neither")
        if (self.application_id is None) == (self.api_secret is None):
            raise ValueError("application_id, api_secret: give exactly one of the two")
        return self


class Vonage(Vendor):
    """Sends SMS by Vonage's Messages API, and reads and authenticates its status webhooks."""

    kind: ClassVar[str] = "vonage"
    options_type: ClassVar[type[Options]] = VonageOptions
    carries_dlt = True
    max_characters = MAX_CHARACTERS
    errors = ERRORS
    statuses = STATUSES
    signed_by = "JWT by HMAC-SHA256"

    def __init__(self, name: str, options: VonageOptions) -> None:
        self.name = name
        self.sender = options.sender
        self.sends_receipts = options.signature_secret is not None
        self._options = options
        self._key = _rsa_key(options.private_key) if options.private_key else None
        self._url = httpx.URL(f"{options.base_url}/v1/messages")

    def unfit(self, message: Message) -> str | None:
        """A text, a life or a sender that it would refuse or change."""
        return vonage_account.unfit(message, message.sender or self._options.sender) or super().unfit(message)

    def request(self, message: Message, now: float) -> httpx.Request:
        """A JSON post with what is left of the code's life, under a JWT of its own or the account's secret."""
        body: dict[str, Any] = {
            "message_type": "text",
            "channel": "sms",
            "from": (message.sender or self._options.sender).removeprefix("+"),
            "to": message.to.removeprefix("+"),
            "text": message.text,
            "ttl": min(message.valid_for_s, MAX_VALIDITY_S),
            "client_ref": message.id,
            "sms": {"encoding_type": TYPES[message.encoding], **_ids(message)},
        }
        if message.receipts_url and self.sends_receipts:
            body |= {"webhook_url": message.receipts_url, "webhook_version": "v1"}
        headers = {"Authorization": self._authorization(message, now), "Accept": "application/json"}
        return httpx.Request("POST", self._url, json=body, headers=headers)

    def _authorization(self, message: Message, now: float) -> str:
        options = self._options
        if self._key is not None:
            return "Bearer " + application_token(self._key, str(options.application_id), message.id, now)
        secret = options.api_secret.get_secret_value() if options.api_secret else ""
        return basic(options.api_key, secret)

    def outcome(self, response: httpx.Response) -> Outcome:
        """A 2xx with an id is accepted; else the problem's type decides, and failing that the HTTP status."""
        body = json_of(response.content)
        if not response.is_success:
            return self.refusal(response, _word(body))
        found = vendor_id(at(body, "message_uuid"))
        return Outcome(Verdict.ACCEPTED, provider_message_id=found) if found else unreadable(response)

    def receipts(self, callback: Callback) -> list[Receipt]:
        """The one receipt of a status webhook; a status we don't know moves nothing."""
        body = json_of(callback.body)
        found, said = vendor_id(at(body, "message_uuid")), at(body, "status")
        if not found or not isinstance(said, str):
            return []
        error = at(body, "error")
        return [self.receipt(found, said, _word(error) or vendor_word(at(error, "title")))]

    def authentic(self, callback: Callback, now: float) -> bool:
        """True if its JWT is signed with the account's secret, names its key and this very body, and is fresh."""
        options = self._options
        if options.signature_secret is None:
            return False
        return is_of_account(callback, options.signature_secret.get_secret_value(), options.api_key, now)


def _ids(message: Message) -> dict[str, str]:
    if message.dlt is None:
        return {}
    return {"entity_id": message.dlt.entity_id, "content_id": message.dlt.template_id}


def _word(problem: Any) -> str | None:
    """What ends the `type` of a problem, such as 1000 or low-balance."""
    told = at(problem, "type")
    return vendor_word(told.rpartition("#")[2]) if isinstance(told, str) else None
