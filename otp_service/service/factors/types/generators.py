"""What gives a factor's codes."""

from otp_service.domain.factors.codes import Generator
from otp_service.ledger.factors import Factor
from otp_service.service.factors.sealing import opened
from otp_service.service.factors.types.base import Trial


def generator_of(trial: Trial, factor: Factor) -> Generator | None:
    """The generator of an app or token; None where its secret does not open, so that no code is right."""
    kept = opened(trial.core, factor)
    if kept is None or kept.secret is None:
        return None
    return Generator(kept.secret, factor.algorithm or "SHA1", factor.digits or 6)
