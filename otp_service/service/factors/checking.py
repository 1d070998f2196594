"""Checking a code: is this one of the user's factors? Confirming and synchronising one are tries as well."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from otp_service.domain.errors import Refusal
from otp_service.domain.factors.requests import FactorCheckRequest, Remember
from otp_service.domain.proof import ASSURANCE
from otp_service.ledger import factors
from otp_service.ledger.factors import Factor
from otp_service.service.admin.opening import writing
from otp_service.service.callers import Caller
from otp_service.service.core import Core
from otp_service.service.factors import devices, history, proofs, trying
from otp_service.service.factors.listing import is_since, owned
from otp_service.service.factors.trying import Verdict
from otp_service.service.factors.types import TYPES
from otp_service.service.factors.types.base import WRONG, Trial, Tried
from otp_service.service.factors.users import nobody, user_index_of


def check(core: Core, caller: Caller, request: FactorCheckRequest) -> Verdict:
    """Tries a code on the factors of a user, or on one of them; a wrong one does not tell on which it failed."""
    at_ms = core.clock()

    def attempt(trial: Trial, factor: Factor) -> Tried:
        type = TYPES.get(factor.type)  # a newer release may have left one that is not known here
        return type.accept(trial, factor, request.code) if type and type.fits(factor, request.code) else WRONG

    with writing(core) as connection:
        if request.factor is not None:
            index = owned(connection, caller, request.factor, at_ms)[0].user_index
        else:
            index = user_index_of(core, caller.realm, request.user or "")
        found = trying.run(core, caller, connection, index, at_ms, lambda each: _meant(each, request.factor), attempt)
        return _granted(core, caller, connection, request.remember, found, at_ms)


def confirm(core: Core, caller: Caller, id: str, code: str, alone_since_ms: int | None = None) -> Verdict:
    """Tries the first code of a new factor, which counts from then on; Refusal not_pending if it does already.

    Refusal not_found if it is to be the only one of its type since a moment, and another one was confirmed.
    """
    at_ms = core.clock()

    def attempt(trial: Trial, factor: Factor) -> Tried:
        if factor.status == "active":
            raise _confirmed()  # by another try, while this one waited for it
        if alone_since_ms is not None and any(
            is_since(each, factor.type, alone_since_ms)
            for each in factors.of_user(trial.connection, factor.user_index, at_ms)
        ):
            raise nobody()
        type = TYPES.get(factor.type)
        return type.confirm(trial, factor, code) if type and type.fits(factor, code) else WRONG

    with writing(core) as connection:
        factor, user = owned(connection, caller, id, at_ms)
        if factor.status == "active":
            raise _confirmed()
        index = factor.user_index
        verdict = trying.run(core, caller, connection, index, at_ms, lambda each: each.id == id, attempt)
        if verdict.factor is not None:
            history.confirmed(core, connection, user, verdict.factor, at_ms)
        return verdict


def resync(core: Core, caller: Caller, id: str, codes: Sequence[str]) -> Verdict:
    """Tries two codes in a row of a device that ran away, which are used up by it."""
    at_ms = core.clock()

    def attempt(trial: Trial, factor: Factor) -> Tried:
        type = TYPES.get(factor.type)
        return type.resync(trial, factor, codes) if type else WRONG

    with writing(core) as connection:
        factor, _ = owned(connection, caller, id, at_ms)
        if factor.status != "active":
            raise Refusal("not_pending", "this factor is not confirmed yet: confirm it instead")
        return trying.run(
            *(core, caller, connection, factor.user_index, at_ms, lambda each: each.id == id),
            attempt,
            "resynced",
        )


def _granted(
    core: Core, caller: Caller, connection: Connection, remember: Remember | None, verdict: Verdict, at_ms: int
) -> Verdict:
    """What a right code gets beside the verdict: a proof, and the token of a device that is to be remembered."""
    policy, factor, user = caller.application.policy, verdict.factor, verdict.user
    if factor is None:
        return verdict
    name = history.name_of(core, user) if policy.proof else None
    proof = None if name is None else proofs.of_check(core, caller, name, factor, verdict.mark, at_ms)
    if remember is None or not devices.vouches(policy, ASSURANCE[factor.type]):
        return replace(verdict, proof=proof)
    trust_token = devices.remember(core, caller, connection, user, remember, at_ms).token
    return replace(verdict, proof=proof, trust_token=trust_token)


def _confirmed() -> Refusal:
    return Refusal("not_pending", "this factor is confirmed already")


def _meant(factor: Factor, id: str | None) -> bool:
    return factor.status == "active" and id in (None, factor.id)
