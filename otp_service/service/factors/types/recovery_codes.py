"""Recovery codes: a set that is shown once, each code of which works once; a new set voids the old one."""

from collections.abc import Sequence

from otp_service.domain.errors import invalid_field
from otp_service.domain.factors import recovery
from otp_service.domain.factors.requests import EnrolRequest
from otp_service.ledger import factors
from otp_service.ledger import recovery_codes as ledger
from otp_service.ledger.factors import Factor
from otp_service.service.core import Core, random_bytes
from otp_service.service.factors.types.base import USED, WRONG, Issued, Trial, Tried

NAME = "recovery_codes"


def issue(request: EnrolRequest) -> Issued:
    """Ten codes, good from now on."""
    return Issued(None, True, codes=recovery.new_codes(random_bytes(recovery.COUNT * recovery.BYTES)))


def keep(trial: Trial, factor: Factor, issued: Issued) -> None:
    """Keeps hashes alone, and voids the set before."""
    olds = [each for each in factors.of_user(trial.connection, factor.user_index, trial.at_ms) if each.type == NAME]
    factors.remove(trial.connection, *(each.id for each in olds if each.id != factor.id))
    hashes = [_hash(trial.core, factor, recovery.normal(code) or "") for code in issued.codes]
    ledger.add(trial.connection, factor.id, hashes)


def uri(factor: Factor, secret: str, label: str, issuer: str) -> None:
    """No app takes these."""


def fits(factor: Factor, code: str) -> bool:
    """Sixteen letters and digits, with or without hyphens."""
    return recovery.normal(code) is not None


def confirm(trial: Trial, factor: Factor, code: str) -> Tried:
    """There is nothing to confirm."""
    raise invalid_field("factor", "recovery codes need no confirmation")


def accept(trial: Trial, factor: Factor, code: str) -> Tried:
    """Takes a code of the set once."""
    found = _hash(trial.core, factor, recovery.normal(code) or "")
    if ledger.use(trial.connection, factor.id, found, trial.at_ms):
        factors.touch(trial.connection, factor.id, trial.at_ms)
        return Tried(None, found)
    return USED if ledger.is_used(trial.connection, factor.id, found) else WRONG


def resync(trial: Trial, factor: Factor, codes: Sequence[str]) -> Tried:
    """There is nothing that could run away."""
    raise invalid_field("factor", "recovery codes have nothing to synchronise")


def _hash(core: Core, factor: Factor, code: str) -> str:
    return recovery.code_hash(core.index_key, factor.id, code)
