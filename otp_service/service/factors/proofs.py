"""Proofs of a user: made when a factor's code was right, and read when one comes back."""

from typing import Any

from sqlalchemy import Connection

from otp_service.domain import proof
from otp_service.domain.ids import is_of, read_verification_id
from otp_service.ledger import spent_proofs
from otp_service.ledger.factors import Factor
from otp_service.service.callers import Caller
from otp_service.service.core import Core

SKEW_MS = 3_600_000  # whoever forgets what was spent may have a clock that runs ahead of this one

Claims = dict[str, Any]


def of_check(core: Core, caller: Caller, user: str, factor: Factor, mark: str, at_ms: int) -> str | None:
    """The proof that a code of this factor was right, if the policy asks for proofs."""
    if not caller.application.policy.proof:
        return None
    claims = proof.claims_of_check(
        issuer=core.public_url,
        application=caller.application.id,
        test=caller.test,
        factor=factor.id,
        type=factor.type,
        mark=mark,
        at_ms=at_ms,
        user=user,
    )
    return proof.sign(core.ring, claims)


def read(core: Core, caller: Caller, text: str, user: str, at_ms: int) -> Claims | None:
    """What a proof claims of this user; None unless it was signed here for this caller's realm, and is fresh."""
    application = caller.application.id
    found = proof.read(core.ring, text, issuer=core.public_url, application=application, now_s=at_ms // 1000)
    if found is None or found.get("user") != user or found.get("test") is not caller.test:
        return None
    return found


def is_of_verification(core: Core, caller: Caller, claims: Claims, purpose: str) -> bool:
    """Whether a verification of the caller's realm for just this purpose is what was approved."""
    at = read_verification_id(core.index_key, caller.realm, claims["sub"])
    return at is not None and claims.get("purpose") == purpose and is_of(at, purpose)


def spend(connection: Connection, claims: Claims) -> bool:
    """Uses up a proof, in the transaction of what it allows; False if it was shown before."""
    return spent_proofs.spend(connection, claims["jti"], claims["exp"] * 1000 + SKEW_MS)
