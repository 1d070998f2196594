"""A try: paid for before it is looked at, accepted at most once, settled; all in one transaction.

The row of the user is held from the payment on, so tries of one user come one after the other, whatever their number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from otp_service.domain.factors import delays
from otp_service.ledger import factor_users, factors
from otp_service.ledger.factor_users import FactorUser
from otp_service.ledger.factors import Factor
from otp_service.service.callers import Caller
from otp_service.service.core import Core
from otp_service.service.factors import history
from otp_service.service.factors.listing import codes_left
from otp_service.service.factors.types.base import WRONG, Trial, Tried
from otp_service.service.factors.users import fail, nobody, pay

Try = Callable[[Trial, Factor], Tried]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a user's code; the factor is told only where it was right. `mark` names what it used up."""

    user: FactorUser
    reason: str | None
    factor: Factor | None
    attempts_left: int
    codes_left: int | None = None
    mark: str = ""
    proof: str | None = None
    trust_token: str | None = field(default=None, repr=False)

    @property
    def valid(self) -> bool:
        """Whether it was a right code that nobody has used before."""
        return self.reason is None


def run(
    core: Core,
    caller: Caller,
    connection: Connection,
    user_index: str,
    at_ms: int,
    meant: Callable[[Factor], bool],
    attempt: Try,
    event: str = "checked",
) -> Verdict:
    """Tries a code on the factors that are meant, and settles; the one 404 if there is none."""
    user = pay(connection, user_index, at_ms)
    theirs = factors.of_user(connection, user_index, at_ms)
    among = [each for each in theirs if meant(each)]
    if not among:
        raise nobody()  # which takes the payment back with everything else
    trial = Trial(core, connection, caller.application.policy, at_ms)
    factor, tried = _first(trial, among, attempt)
    core.observe.factor_checked(factor.type if factor else "any", tried.reason or "valid")
    if tried.reason == "wrong_code":
        history.tried(connection, user, factor, "failed", at_ms)
        fail(core, connection, user, at_ms)
        return Verdict(user, tried.reason, None, delays.left(user.failures))
    if tried.reason is not None:
        factor_users.refund(connection, user_index)
        history.tried(connection, user, factor, tried.reason, at_ms)
        return Verdict(user, tried.reason, None, delays.left(user.failures - 1))
    failures = _settle(connection, user, factor, theirs)
    history.tried(connection, user, factor, event, at_ms)
    left = codes_left(connection, factor) if factor else None
    return Verdict(user, None, factor, delays.left(failures), left, tried.mark)


def _settle(connection: Connection, user: FactorUser, factor: Factor | None, theirs: Sequence[Factor]) -> int:
    """What a right code makes of the wrong ones before it, and how many are left.

    The first code of a new factor forgives none where others count: it is of whoever enrolled it, who could go on
    guessing at the others.
    """
    if factor and factor.status != "active" and any(each.status == "active" for each in theirs):
        factor_users.refund(connection, user.user_index)
        return user.failures - 1
    factor_users.forgive(connection, user.user_index)
    return 0


def _first(trial: Trial, among: Sequence[Factor], attempt: Try) -> tuple[Factor | None, Tried]:
    """The factor that took the code; else one whose code it was, used before; else none."""
    worst: tuple[Factor | None, Tried] = (among[0] if len(among) == 1 else None, WRONG)
    for factor in among:
        tried = attempt(trial, factor)
        if tried.reason is None:
            return factor, tried
        if tried.reason == "already_used":
            worst = factor, tried
    return worst
