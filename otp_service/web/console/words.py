"""How pages write values: times, money, counts and shares."""

from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from otp_service.domain.times import rfc3339
from otp_service.service.core import now_ms

STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def time(ms: int | None) -> Markup:
    """A time as people read it, UTC; a script adds how long ago that is."""
    if ms is None:
        return Markup('<span class="quiet">–</span>')
    text = datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return Markup('<time datetime="{}">{}</time>').format(rfc3339(ms), text)


def ago(ms: int | None) -> Markup:
    """How long ago, or in how long, with the time itself behind it."""
    if ms is None:
        return Markup('<span class="quiet">–</span>')
    span = (now_ms() - ms) // 1000
    text = f"{duration(span)} ago" if span >= 0 else f"in {duration(-span)}"
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        rfc3339(ms), datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S"), text
    )


def duration(s: float) -> str:
    """A duration in its largest unit."""
    whole = int(s)
    size, unit = next(((size, unit) for size, unit in STEPS if whole >= size), (1, "s"))
    return f"{whole // size} {unit}"


def money(micros: float | None) -> str:
    """Micro-units as an amount of two digits behind the point, four below a unit."""
    if micros is None:
        return "–"
    amount = micros / 1_000_000
    return f"{amount:,.4f}" if 0 < abs(amount) < 1 else f"{amount:,.2f}"


def count(number: float | None) -> str:
    """A count with its thousands apart."""
    return "–" if number is None else f"{number:,.0f}".replace(",", "\u202f")


def share(part: float | None) -> str:
    """A share of one as per cent."""
    return "–" if part is None else f"{part * 100:.1f}\u202f%"


FILTERS: dict[str, Any] = {
    "time": time,
    "ago": ago,
    "duration": duration,
    "money": money,
    "count": count,
    "share": share,
}
