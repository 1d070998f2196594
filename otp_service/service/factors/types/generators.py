"""What gives a factor's codes."""

from otp_service.domain.factors.codes import ALGORITHMS, Generator
from otp_service.ledger.factors import Factor
from otp_service.service.factors.sealing import opened
from otp_service.service.factors.types.base import Trial


def generator_of(trial: Trial, factor: Factor) -> Generator | None:
    """The generator of an app or token; None where its secret does not open or its hash is not known here.

    No code is right then. To fail instead would give the payment back, and so every guess at the user's other factors.
    """
    kept, algorithm = opened(trial.core, factor), factor.algorithm or "SHA1"
    if kept is None or kept.secret is None or algorithm not in ALGORITHMS:
        return None
    return Generator(kept.secret, algorithm, factor.digits or 6)
