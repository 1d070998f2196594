"""What a courier tells whoever measures it."""

from collections.abc import Mapping
from typing import Protocol

from otp_service.domain.messages import Outcome
from otp_service.service.gauges import Looked
from otp_service.service.spent import Place


class Observe(Protocol):
    """The hooks; each is called on the courier's loop and must return at once."""

    def attempt(self, provider: str, outcome: Outcome, took_s: float) -> None:
        """A provider was asked."""

    def message(self, status: str, reason: str | None, waited_s: float) -> None:
        """A message came to an end for the courier, `waited_s` after it was queued."""

    def dead(self, reason: str) -> None:
        """An entry became a dead letter."""

    def backlog(self, cell: int, waiting: dict[str, int]) -> None:
        """How much waits in a cell, by name: high, normal, bulk, due, dead, facts."""

    def drained(self, facts: int) -> None:
        """The ledger took facts."""

    def webhook(self, result: str) -> None:
        """A webhook was tried (delivered, failed, given_up), or an endpoint disabled."""

    def audit(self, entries: int, head: int) -> None:
        """The audit has so many entries, and the last signed head is of this one."""

    def looked(self, found: Looked) -> None:
        """How things stand now."""

    def spent(self, found: Mapping[Place, float]) -> None:
        """Of a country's ceiling an application has spent this share."""

    def keys_missing(self, count: int) -> None:
        """Stored values were sealed with so many keys that the ring no longer has."""

    def stumbled(self, what: str) -> None:
        """One of the courier's loops met an error and will try again."""


class Unobserved:
    """Nobody measures."""

    def attempt(self, provider: str, outcome: Outcome, took_s: float) -> None:
        """Nothing."""

    def message(self, status: str, reason: str | None, waited_s: float) -> None:
        """Nothing."""

    def dead(self, reason: str) -> None:
        """Nothing."""

    def backlog(self, cell: int, waiting: dict[str, int]) -> None:
        """Nothing."""

    def drained(self, facts: int) -> None:
        """Nothing."""

    def webhook(self, result: str) -> None:
        """Nothing."""

    def audit(self, entries: int, head: int) -> None:
        """Nothing."""

    def looked(self, found: Looked) -> None:
        """Nothing."""

    def spent(self, found: Mapping[Place, float]) -> None:
        """Nothing."""

    def keys_missing(self, count: int) -> None:
        """Nothing."""

    def stumbled(self, what: str) -> None:
        """Nothing."""
