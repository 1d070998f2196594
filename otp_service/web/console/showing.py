"""What the dashboards share: the time they are about, figures with their change, and panels that may be away."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeVar, cast

from flask import current_app, request
from markupsafe import Markup

from otp_service.domain.errors import Refusal
from otp_service.service.console.now import Watch
from otp_service.service.console.spans import RANGES, USUAL, Range
from otp_service.service.truths import Truths
from otp_service.web.console import charts

Panel = TypeVar("Panel")
Good = Literal["more", "less", ""]

OFFERED = ("1h", "24h", "7d")
CLOCK = {"1h": "%H:%M", "24h": "%H:%M", "7d": "%a %H:%M"}
MUCH = 0.2  # of change: what people should look at
AS_MUCH = 0.005


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure with its change against the time before, and the line of it."""

    name: str
    value: str
    change: str = ""
    tone: str = ""
    spark: Markup | None = None


def asked_range() -> Range:
    """The time that the page is about."""
    wanted = request.args.get("range", "")
    return RANGES[wanted if wanted in OFFERED else USUAL]


def offered() -> list[Range]:
    """The times to choose from."""
    return [RANGES[name] for name in OFFERED]


def watch() -> Watch:
    """What this process keeps for all who look on."""
    return cast(Watch, current_app.extensions.setdefault("console_watch", Watch()))


def truths() -> Truths:
    """The truths of this process."""
    return cast(Truths, current_app.extensions["truths"])


def unless_away(ask: Callable[[], Panel]) -> Panel | None:
    """What a panel shows, or None while what it reads from can't be reached: the other panels go on."""
    try:
        return ask()
    except Refusal as refusal:
        if refusal.code != "unavailable":
            raise
        return None


def shown(
    name: str,
    value: str,
    now: float | None,
    before: float | None,
    line: Sequence[float | None] = (),
    *,
    good: Good = "",
    is_share: bool = False,
) -> Shown:
    """A figure; `good` says whether more of it is good or bad, a share changes by points."""
    change = None if now is None or before is None else now - before if is_share else _relative(now, before)
    return Shown(
        name,
        value,
        _words(change, is_share),
        _tone(change, good, is_share),
        charts.spark(line, title=f"{name} over time") if any(line) else None,
    )


def labels(over: Range, starts: Sequence[int]) -> list[str]:
    """When each slot begins, UTC."""
    return [datetime.fromtimestamp(at / 1000, UTC).strftime(CLOCK[over.name]) for at in starts]


def part(some: int, of: int) -> float | None:
    """A share; None of nothing."""
    return some / of if of else None


def _relative(now: float, before: float) -> float | None:
    return now / before - 1 if before else None


def _words(change: float | None, is_share: bool) -> str:
    if change is None:
        return ""
    if abs(change) < AS_MUCH:
        return "as before"
    sign = "+" if change > 0 else "−"
    return f"{sign}{abs(change) * 100:,.1f} points" if is_share else f"{sign}{abs(change) * 100:,.0f} %"


def _tone(change: float | None, good: Good, is_share: bool) -> str:
    """Worth a colour only if it is much: a twentieth of a share, a fifth of anything else."""
    if change is None or not good or abs(change) < (MUCH / 4 if is_share else MUCH):
        return ""
    return "good" if (change > 0) == (good == "more") else "bad"
