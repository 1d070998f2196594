"""Vendors of messages, each a pure translation in a file of its own; PROVIDERS is the registry."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from otp_service.domain.config_file.provider_file import ProviderFile
from otp_service.providers.aws_sms import AwsSms
from otp_service.providers.base import Provider
from otp_service.providers.console import Console
from otp_service.providers.infobip import Infobip
from otp_service.providers.kannel import Kannel
from otp_service.providers.messagebird import MessageBird
from otp_service.providers.plivo import Plivo
from otp_service.providers.simulator import Simulator
from otp_service.providers.sinch import Sinch
from otp_service.providers.telnyx import Telnyx
from otp_service.providers.twilio import Twilio
from otp_service.providers.vonage import Vonage
from otp_service.providers.vonage_sms import VonageSms
from otp_service.providers.webhook import Webhook

__all__ = ["PROVIDERS", "Provider", "build", "build_all", "examine"]

PROVIDERS: dict[str, type[Provider]] = {
    "simulator": Simulator,
    "console": Console,
    "twilio": Twilio,
    "vonage": Vonage,
    "vonage_sms": VonageSms,
    "telnyx": Telnyx,
    "plivo": Plivo,
    "kannel": Kannel,
    "infobip": Infobip,
    "sinch": Sinch,
    "messagebird": MessageBird,
    "aws_sms": AwsSms,
    "webhook": Webhook,
}


def build(kind: str, name: str, options: Mapping[str, Any]) -> Provider:
    """The provider of this kind with these options; ValueError names every field that can't be used, and no value."""
    mistakes = examine(kind, options)
    if mistakes:
        raise ValueError("; ".join(f"{where}: {what}" for where, what in mistakes))
    provider = PROVIDERS[kind]
    return provider(name, provider.options_type.model_validate(dict(options)))


def build_all(file: ProviderFile) -> dict[str, Provider]:
    """Every configured provider by its name."""
    return {entry.name: build(entry.kind, entry.name, entry.options) for entry in file.providers}


def examine(kind: str, options: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with these options for this kind: (field, what to do) for each mistake."""
    provider = PROVIDERS.get(kind)
    if provider is None:
        return [("kind", f"is not known; known are {', '.join(PROVIDERS)}")]
    try:
        provider.options_type.model_validate(dict(options))
    except ValidationError as error:
        known = ", ".join(provider.options_type.model_fields)
        return [
            _told(mistake, known)
            for mistake in error.errors(include_input=False, include_url=False, include_context=False)
        ]
    return []


def _told(mistake: Any, known: str) -> tuple[str, str]:
    """Pydantic's complaint in our form; a validator that speaks of several fields names them ahead of its message."""
    where = ".".join(str(step) for step in mistake["loc"])
    what = mistake["msg"].removeprefix("Value error, ")
    if mistake["type"] == "extra_forbidden":
        return where, "is not an option here" + (f"; options are {known}" if len(mistake["loc"]) == 1 else "")
    if not where:
        head, _, rest = what.partition(": ")
        return head, rest
    return where, what if mistake["type"] == "value_error" else what[0].lower() + what[1:]
