"""Enrolment: a new factor, its secret shown once, and the first right code that confirms it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from otp_service.domain.errors import Refusal
from otp_service.domain.factors.requests import EnrolRequest
from otp_service.ledger import factors
from otp_service.ledger.factors import Factor
from otp_service.ledger.ids import new_id
from otp_service.service.admin.opening import writing
from otp_service.service.callers import Caller
from otp_service.service.core import Core
from otp_service.service.factors import history, step_up
from otp_service.service.factors.listing import Shown, is_since, shown
from otp_service.service.factors.sealing import Kept, seal
from otp_service.service.factors.types import TYPES, recovery_codes
from otp_service.service.factors.types.base import Issued, Trial
from otp_service.service.factors.users import introduced, nobody

UNCONFIRMED_MS = 600_000
MOST_FACTORS = 10  # a code is tried on all of them: each makes a guess likelier to hit


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A new factor with what is shown once: its secret and the URI that apps read, or codes."""

    shown: Shown
    secret: str | None = field(repr=False)
    uri: str | None = field(repr=False)
    codes: tuple[str, ...] = field(repr=False)


def enrol(core: Core, caller: Caller, request: EnrolRequest, alone_since_ms: int | None = None) -> Enrolled:
    """A new factor, forgotten after 10 minutes unless a right code confirms it; Refusal conflict at 10 a user.

    Refusal not_found if it is to be the only one of its type since a moment, and there is another one.
    """
    type = TYPES[request.type]
    issued = type.issue(request)
    kept = Kept(issued.secret, request.label or request.user, request.issuer or caller.application.name)
    at_ms = core.clock()
    with writing(core) as connection:
        user = introduced(core, caller, connection, request.user, at_ms)
        theirs = factors.of_user(connection, user.user_index, at_ms)
        if alone_since_ms is not None and any(is_since(each, request.type, alone_since_ms) for each in theirs):
            raise nobody()
        step_up.require(core, caller, connection, request.user, "enrol", request.step_up, at_ms)
        _have_room(theirs, request.type)
        factor = _made(core, caller, user.user_index, request.type, issued, kept, at_ms)
        factors.add(connection, factor)
        type.keep(Trial(core, connection, caller.application.policy, at_ms), factor, issued)
        told = shown(core, connection, factor)
        history.enrolled(connection, factor, at_ms)
        if issued.confirmed:
            history.confirmed(core, connection, user, factor, at_ms)
    uri = issued.secret and type.uri(factor, issued.secret, kept.label, kept.issuer or "")
    return Enrolled(told, issued.secret, uri, issued.codes)


def _have_room(theirs: Sequence[Factor], type: str) -> None:
    staying = [each for each in theirs if type != recovery_codes.NAME or each.type != type]  # a new set voids the old
    if len(staying) >= MOST_FACTORS:
        raise Refusal("conflict", f"this user has {MOST_FACTORS} factors: remove one first")


def _made(core: Core, caller: Caller, user_index: str, type: str, issued: Issued, kept: Kept, at_ms: int) -> Factor:
    id, application = new_id("fac"), caller.application.id
    return Factor(
        *(id, user_index, application, type, "active" if issued.confirmed else "unconfirmed"),
        *(issued.algorithm, issued.digits, issued.period_s),
        sealed=seal(core, application, user_index, id, kept),
        counter=0,
        drift=0,
        created_at=at_ms,
        expires_at=None if issued.confirmed else at_ms + UNCONFIRMED_MS,
        confirmed_at=at_ms if issued.confirmed else None,
    )
