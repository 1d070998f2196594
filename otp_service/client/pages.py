"""Hosted pages: what a person is sent to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was made; its result, which the person brings back, names `id` as its subject."""

    id: str
    url: str = field(repr=False)  # whoever has it may use it
    expires_at: datetime


class PageOptions(TypedDict, total=False):
    """What a page may be made with beside its kind and the way back."""

    verification: str | None
    user: str | None
    binding: Mapping[str, str] | None
    client: Mapping[str, str] | None
    factor: str | None  # of `confirm`
    type: str | None  # totp | recovery_codes: of `enrol`
    label: str | None
    issuer: str | None
    step_up: str | None
    remember: Mapping[str, str] | None  # device_id, label: of `check`
    state: str | None
    locale: str | None
    theme: Mapping[str, str] | None
    embed: bool | None
