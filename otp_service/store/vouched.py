"""Tokens that a vendor vouched for: each is remembered until it ends, since the vendor says yes only once."""

from otp_service.store.keys import vouched_key
from otp_service.store.link import Link


def until(link: Link, name: str) -> int | None:
    """Until when a token counts, in milliseconds since 1970; None for one that nobody vouched for."""
    found = link.command("GET", vouched_key(name))
    return int(found) if found else None


def remember(link: Link, name: str, ends_ms: int, keep_ms: int) -> None:
    """Remembers a token, by a digest of itself and of whom it is for."""
    link.command("SET", vouched_key(name), ends_ms, "PX", keep_ms)
