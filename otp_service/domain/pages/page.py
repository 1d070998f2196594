"""A page as its link holds it, sealed: all that is needed to show it, so that nothing is kept of it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

LIFE_MS = 15 * 60_000


@dataclass(frozen=True, slots=True)
class Look:
    """How it looks; colours in #rrggbb."""

    accent: str | None = None
    accent_dark: str | None = None
    logo: str | None = None
    scheme: str = "auto"


@dataclass(frozen=True, slots=True)
class Page:
    """Whose page it is, what for, where it leads back to, and until when; times in milliseconds."""

    id: str
    application: str
    key: str
    test: bool
    kind: str
    until_ms: int
    return_url: str
    state: str | None = None
    locale: str | None = None
    embed: bool = False
    verification: str | None = None
    user: str | None = None
    binding: Mapping[str, str] = field(default_factory=dict)
    device: str | None = None
    label: str | None = None
    issuer: str | None = None
    step_up: str | None = None
    type: str | None = None
    factor: str | None = None
    remember: Mapping[str, str] = field(default_factory=dict)
    look: Look = Look()


def written(page: Page) -> bytes:
    """The page as its link holds it, without what goes without saying."""
    told = {name: value for name, value in asdict(page).items() if value}
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()


def read(data: bytes) -> Page:
    """The reverse; what a later release adds is passed over."""
    told: dict[str, Any] = {"test": False} | json.loads(data)
    look = Look(**_known(Look, told.pop("look", {})))
    return Page(**_known(Page, told), look=look)


def _known(kind: Any, told: Mapping[str, Any]) -> dict[str, Any]:
    names = {each.name for each in fields(kind)}
    return {name: value for name, value in told.items() if name in names}
