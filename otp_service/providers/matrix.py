"""What each kind of provider can do, read off its class, and when it was last proven with a real message."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from otp_service.providers import PROVIDERS
from otp_service.providers.base import Vendor

NEVER = "never"
NO_VENDORS = frozenset({"simulator", "console", "webhook"})  # nobody's API: there is nothing to prove
COLUMNS = ("kind", "receipts", "proven by", "DLT ids", "longest text", "known errors", "last proven live")


def vendors() -> list[str]:
    """The kinds that stand for a vendor's API, in the order of the registry."""
    return [kind for kind in PROVIDERS if kind not in NO_VENDORS]


def rows(proven: Mapping[str, str]) -> Iterator[Sequence[str]]:
    """A row of COLUMNS for each vendor; `proven` is the day of the last transcript by kind."""
    for kind in vendors():
        provider = cast(type[Vendor], PROVIDERS[kind])
        yield (
            f"[`{kind}`]({kind}.md)",
            _receipts(provider),
            _proof(provider),
            "yes" if provider.carries_dlt else "refused",
            str(provider.max_characters or "-"),
            str(len(provider.errors)),
            proven.get(kind, NEVER),
        )


def markdown(proven: Mapping[str, str]) -> str:
    """The rows as a table of Markdown."""
    lines = [COLUMNS, ["---"] * len(COLUMNS), *rows(proven)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines).replace("| --- ", "|---").replace("|--- |", "|---|")


def _receipts(provider: type[Vendor]) -> str:
    if not provider.sends_receipts:
        return "none"
    return "one URL for all" if provider.fixed_receipts else "a URL per message"


def _proof(provider: type[Vendor]) -> str:
    return provider.signed_by or "the secret in the URL" if provider.sends_receipts else "-"
