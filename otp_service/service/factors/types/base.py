"""What a type of factor has to know: how one is made, which codes could be its own, and how one is accepted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from sqlalchemy import Connection

from otp_service.domain.factors.requests import EnrolRequest
from otp_service.domain.policy import Policy
from otp_service.ledger.factors import Factor
from otp_service.service.core import Core


@dataclass(frozen=True, slots=True)
class Issued:
    """What a new factor is made of; `codes` are shown once."""

    secret: str | None = field(repr=False)
    confirmed: bool  # needs no first right code
    algorithm: str | None = None
    digits: int | None = None
    period_s: int | None = None
    codes: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Trial:
    """One try, in the transaction that pays for it."""

    core: Core
    connection: Connection
    policy: Policy
    at_ms: int


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a code; `mark` names what was used up, so that one use has one proof."""

    reason: Literal["wrong_code", "already_used"] | None
    mark: str = ""


WRONG, USED = Tried("wrong_code"), Tried("already_used")


class FactorType(Protocol):
    """One type of factor: a module of this folder."""

    def issue(self, request: EnrolRequest) -> Issued:
        """What a new factor is made of."""

    def keep(self, trial: Trial, factor: Factor, issued: Issued) -> None:
        """Writes what a new factor has beyond its row, and removes what it replaces."""

    def uri(self, factor: Factor, secret: str, label: str, issuer: str) -> str | None:
        """What an app reads to take the factor in; None if there is nothing to read."""

    def fits(self, factor: Factor, code: str) -> bool:
        """Whether a code could be of this factor, by its shape alone."""

    def confirm(self, trial: Trial, factor: Factor, code: str) -> Tried:
        """Accepts the first code, which also tells how far the device is off."""

    def accept(self, trial: Trial, factor: Factor, code: str) -> Tried:
        """Accepts a code once."""

    def resync(self, trial: Trial, factor: Factor, codes: Sequence[str]) -> Tried:
        """Finds a device that ran away, by two codes in a row."""
