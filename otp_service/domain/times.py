"""Times: milliseconds inside, RFC 3339 UTC strings outside."""

from datetime import UTC, datetime
from functools import lru_cache

LAST_MS = 253_402_300_799_999  # the last moment of the year 9999: RFC 3339 has no later one


def rfc3339(ms: int) -> str:
    """`2026-11-22T10:00:00.123Z`."""
    return f"{_second(ms // 1000)}.{ms % 1000:03d}Z"


@lru_cache(maxsize=4096)
def _second(s: int) -> str:
    # Not strftime, whose %Y leaves the noughts of early years out.
    return datetime.fromtimestamp(s, UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def rfc3339_or_none(ms: int | None) -> str | None:
    """The same, where there may be no time."""
    return None if ms is None else rfc3339(ms)


def milliseconds(text: str) -> int:
    """The reverse of rfc3339, for any RFC 3339 time with a zone; ValueError for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:  # whose own words repeat what was sent
        raise ValueError("must be a time in RFC 3339, for instance 2026-11-22T10:00:00Z") from None
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, for instance 2026-11-22T10:00:00Z")
    try:
        return int(moment.astimezone(UTC).timestamp() * 1000)
    except OverflowError:  # west of Greenwich the year 9999 ends after it: rfc3339 could not tell it any more
        raise ValueError("must be a time between the years 1 and 9999") from None
