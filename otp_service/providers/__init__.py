"""Vendors of messages, each a pure translation in a file of its own; PROVIDERS is the registry."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from pydantic import ValidationError

from otp_service.domain.config_file.provider_file import ProviderFile
from otp_service.providers.base import Provider

__all__ = ["PROVIDERS", "Provider", "build", "build_all", "examine"]


class Registry(Mapping[str, type[Provider]]):
    """Vendors by kind, which is the name of their file. It is loaded when it is asked for: nobody has them all."""

    def __init__(self, classes: Mapping[str, str]) -> None:
        self._classes = classes

    def __getitem__(self, kind: str) -> type[Provider]:
        name = self._classes[kind]
        found: type[Provider] = getattr(import_module(f"{__name__}.{kind}"), name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)


PROVIDERS = Registry(
    {
        "simulator": "Simulator",
        "console": "Console",
        "twilio": "Twilio",
        "vonage": "Vonage",
        "vonage_sms": "VonageSms",
        "telnyx": "Telnyx",
        "plivo": "Plivo",
        "kannel": "Kannel",
        "infobip": "Infobip",
        "sinch": "Sinch",
        "messagebird": "MessageBird",
        "aws_sms": "AwsSms",
        "webhook": "Webhook",
    }
)


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
