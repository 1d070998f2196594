"""Times: milliseconds inside, RFC 3339 UTC strings outside."""

from datetime import UTC, datetime


def rfc3339(ms: int) -> str:
    """`2026-11-22T10:00:00.123Z`."""
    text = datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{ms % 1000:03d}Z"


def rfc3339_or_none(ms: int | None) -> str | None:
    """The same, where there may be no time."""
    return None if ms is None else rfc3339(ms)


def milliseconds(text: str) -> int:
    """The reverse of rfc3339, for any RFC 3339 time with a zone; ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, for instance 2026-11-22T10:00:00Z")
    return int(moment.timestamp() * 1000)
