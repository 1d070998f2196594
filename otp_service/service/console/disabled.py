"""The numbers that too many wrong codes have disabled, in every application."""

from collections.abc import Sequence
from dataclasses import dataclass

from otp_service.ledger.applications import Application
from otp_service.ledger.pages import Disabled as Row
from otp_service.service.admin import applications, locks
from otp_service.service.console.searching import Sought, token
from otp_service.service.core import Core
from otp_service.service.sealed import number_in_ledger

MOST = 50


@dataclass(frozen=True, slots=True)
class Disabled:
    """A disabled number, masked, and the token under which it is found; both are empty once it is no longer kept."""

    application: Application
    to: str
    token: str
    failures: int
    locked_at: int


def listed(core: Core, only: str | None = None) -> Sequence[Disabled]:
    """Those of one application or of each, the newest first; of each application the newest alone."""
    found = [applications.get(core, only)] if only else applications.listed(core)
    every = (_shown(core, each, row) for each in found for row in locks.page(core, each.id, MOST).items)
    return sorted(every, key=lambda each: -each.locked_at)


def _shown(core: Core, of: Application, row: Row) -> Disabled:
    number = number_in_ledger(core, row.to_sealed, row.number_index)
    name = token(core, Sought("number", number)) if number else ""
    return Disabled(of, locks.shown(core, row) or "", name, row.failures, row.locked_at)
