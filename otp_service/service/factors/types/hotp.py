"""HOTP (RFC 4226): a code per press of a token's button; each counter is accepted once, and never an older one."""

import base64
from collections.abc import Sequence

import pyotp

from otp_service.domain.factors.codes import ALGORITHMS, LOOK_AHEAD
from otp_service.domain.factors.requests import EnrolRequest
from otp_service.ledger import factors
from otp_service.ledger.factors import Factor
from otp_service.service.core import random_bytes
from otp_service.service.factors.types.base import USED, WRONG, Issued, Trial, Tried
from otp_service.service.factors.types.generators import generator_of

RESYNC_AHEAD = 1000  # two codes in a row find a token that lay in a pocket
LOOK_BACK = 3  # whose codes are known as used; anything older is as wrong as any


def issue(request: EnrolRequest) -> Issued:
    """A secret as long as its hash; a counter from 0 on."""
    secret = base64.b32encode(random_bytes(ALGORITHMS[request.algorithm][1])).decode().rstrip("=")
    return Issued(secret, False, request.algorithm, request.digits)


def keep(trial: Trial, factor: Factor, issued: Issued) -> None:
    """Nothing beyond its row."""


def uri(factor: Factor, secret: str, label: str, issuer: str) -> str:
    """The key URI that apps read."""
    token = pyotp.HOTP(secret, digits=factor.digits or 6, digest=ALGORITHMS[factor.algorithm or "SHA1"][0])
    return token.provisioning_uri(name=label, issuer_name=issuer, initial_count=factor.counter)


def fits(factor: Factor, code: str) -> bool:
    """As many digits as the token shows."""
    return code.isdigit() and len(code) == factor.digits


def confirm(trial: Trial, factor: Factor, code: str) -> Tried:
    """Takes the first code, with the presses before it."""
    return accept(trial, factor, code)


def accept(trial: Trial, factor: Factor, code: str) -> Tried:
    """Takes the next code, or one a few presses later."""
    next = factor.counter
    generator = generator_of(trial, factor)
    found = generator.matching(range(next - LOOK_BACK, next + LOOK_AHEAD), code) if generator else []
    return _use(trial, factor, found[-1]) if found else WRONG


def resync(trial: Trial, factor: Factor, codes: Sequence[str]) -> Tried:
    """Takes two codes of counters that follow each other, far ahead."""
    first, second = codes
    generator = generator_of(trial, factor)
    if generator is None:
        return WRONG
    found = generator.matching(range(factor.counter - LOOK_BACK, factor.counter + RESYNC_AHEAD), first)
    pairs = [counter + 1 for counter in found if generator.matching([counter + 1], second)]
    return _use(trial, factor, pairs[0]) if pairs else WRONG


def _use(trial: Trial, factor: Factor, counter: int) -> Tried:
    taken = factors.accept_counter(trial.connection, factor.id, counter, trial.at_ms)
    return Tried(None, str(counter)) if taken else USED
