"""Step-up: what the policy lists takes the proof of a fresh verification of the user, each proof once."""

from typing import Literal

from sqlalchemy import Connection

from otp_service.domain.errors import Refusal
from otp_service.ledger import factors
from otp_service.ledger.factors import Factor
from otp_service.service.callers import Caller
from otp_service.service.core import Core
from otp_service.service.factors import proofs
from otp_service.service.factors.proofs import Claims
from otp_service.service.factors.types import recovery_codes

Act = Literal["enrol", "remove"]

# What a proof must be of. A code that somebody was asked for to log in is no word on their factors.
PURPOSES: dict[Act, str] = {"enrol": "factor.enrol", "remove": "factor.remove"}
_WHAT: dict[Act, str] = {"enrol": "a new factor", "remove": "to remove the last factor"}
_WHERE: dict[Act, str] = {"enrol": "in the field step_up", "remove": "in the header Step-Up"}
NONE, UNFIT, SPENT = "none was sent", "the one that was sent does not count", "the one that was sent was shown before"


def require(
    core: Core,
    caller: Caller,
    connection: Connection,
    user: str,
    act: Act,
    proof: str | None,
    at_ms: int,
    removing: Factor | None = None,
) -> None:
    """Uses up the proof, where the policy asks for one; Refusal step_up_required says what would do.

    To remove asks only for the factor without which none but recovery codes is left; the transaction holds the user.
    """
    if act not in caller.application.policy.step_up or (removing and not _is_last(connection, removing, at_ms)):
        return
    claims = expect(core, caller, user, act, proof, at_ms)
    if claims is not None and not proofs.spend(connection, claims):
        raise _refusal(act, SPENT)


def expect(core: Core, caller: Caller, user: str, act: Act, proof: str | None, at_ms: int) -> Claims | None:
    """What the proof claims that an act takes, which stays good; None where the policy asks for none."""
    if act not in caller.application.policy.step_up:
        return None
    if not proof:
        raise _refusal(act, NONE)
    claims = proofs.read(core, caller, proof, user, at_ms)
    if claims is None or not proofs.is_of_verification(core, caller, claims, PURPOSES[act]):
        raise _refusal(act, UNFIT)
    return claims


def _is_last(connection: Connection, factor: Factor, at_ms: int) -> bool:
    """Whether nothing guards the user without it; what was never confirmed guards nobody."""
    theirs = factors.of_user(connection, factor.user_index, at_ms)
    return factor.status == "active" and not any(_guards(each) for each in theirs if each.id != factor.id)


def _guards(factor: Factor) -> bool:
    return factor.status == "active" and factor.type != recovery_codes.NAME


def _refusal(act: Act, why: str) -> Refusal:
    return Refusal(
        "step_up_required",
        f"{_WHAT[act]} takes the proof of a verification of this user with the purpose {PURPOSES[act]}, approved in "
        f"the last 5 minutes and never shown before; {why}. Start one with this purpose and user, check its code with "
        f"this user, and send its proof {_WHERE[act]}",
    )
