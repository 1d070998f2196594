"""Past Flask's proxies."""

from typing import TypeVar, cast

Proxied = TypeVar("Proxied")


def real(proxy: Proxied) -> Proxied:
    """The object behind a proxy such as `request`, which looks it up again for every attribute."""
    return cast(Proxied, proxy._get_current_object())  # type: ignore[attr-defined]
