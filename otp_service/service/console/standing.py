"""How the service stands: what ails it, who is ill among the providers, and what a fresh installation needs next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from otp_service.domain.errors import Refusal
from otp_service.service.core import Core, now_ms
from otp_service.service.health import health
from otp_service.service.truths import Truths
from otp_service.store.breakers import read_health

Step = Literal["provider", "application", "key", "start"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that ails the service; `grave` keeps it from working."""

    words: str
    grave: bool
    path: str = ""  # behind /console


def troubles(core: Core, truths: Truths) -> Sequence[Trouble]:
    """Everything that is wrong now, the gravest first."""
    found = health(core, truths)
    failing = [Trouble(_capital(words), grave=True) for words in found.failing]
    degraded = [Trouble(_capital(words), grave=False) for words in found.degraded]
    return [*failing, *degraded, *_ill(core)]


def first_step(core: Core) -> Step:
    """What a fresh installation lacks, in the order in which it is needed."""
    truths = core.snapshot()
    if not core.provider_file.providers and core.production:
        return "provider"
    if not truths.applications:
        return "application"
    return "start" if truths.keys else "key"


def _ill(core: Core) -> list[Trouble]:
    try:
        known = read_health(core.link)
    except Refusal:
        return []
    now = now_ms()
    ill: dict[str, list[str]] = {}
    for (provider, country), route in sorted(known.items()):
        if route.breaker != "closed" or route.paused_until_ms > now:
            ill.setdefault(provider, []).append("everywhere" if country == "*" else country)
    return [
        Trouble(
            f"{provider} is ill: {', '.join(countries)}. Others carry its texts where they can", False, "/providers"
        )
        for provider, countries in ill.items()
    ]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
