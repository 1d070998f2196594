"""TOTP (RFC 6238): a code per step of time. A step is accepted once, and never an older one (section 5.2)."""

import base64
from collections.abc import Sequence

import pyotp

from otp_service.domain.factors.codes import ALGORITHMS, step_of, steps
from otp_service.domain.factors.requests import EnrolRequest
from otp_service.ledger import factors
from otp_service.ledger.factors import Factor
from otp_service.service.core import random_bytes
from otp_service.service.factors.types.base import USED, WRONG, Issued, Trial, Tried
from otp_service.service.factors.types.generators import generator_of

CONFIRM_STEPS = 4  # a device may be so far off when it is enrolled
RESYNC_STEPS = 20  # two codes in a row find one that is ten minutes off


def issue(request: EnrolRequest) -> Issued:
    """A secret as long as its hash."""
    secret = base64.b32encode(random_bytes(ALGORITHMS[request.algorithm][1])).decode().rstrip("=")
    return Issued(secret, False, request.algorithm, request.digits, request.period_s)


def keep(trial: Trial, factor: Factor, issued: Issued) -> None:
    """Nothing beyond its row."""


def uri(factor: Factor, secret: str, label: str, issuer: str) -> str:
    """The key URI that apps read."""
    digest, period = ALGORITHMS[factor.algorithm or "SHA1"][0], factor.period_s or 30
    app = pyotp.TOTP(secret, digits=factor.digits or 6, digest=digest, interval=period)
    return app.provisioning_uri(name=label, issuer_name=issuer)


def fits(factor: Factor, code: str) -> bool:
    """As many digits as the app shows."""
    return code.isdigit() and len(code) == factor.digits


def confirm(trial: Trial, factor: Factor, code: str) -> Tried:
    """Takes the first code from further off than later ones, and learns how far the device's clock is off."""
    now = _now(trial, factor)
    return _accept(trial, factor, code, range(now - CONFIRM_STEPS, now + CONFIRM_STEPS + 1))


def accept(trial: Trial, factor: Factor, code: str) -> Tried:
    """Takes a code of this step or of the one before; the strict profile takes this step's alone."""
    return _accept(trial, factor, code, steps(_now(trial, factor), factor.drift, trial.policy.totp_steps_back))


def resync(trial: Trial, factor: Factor, codes: Sequence[str]) -> Tried:
    """Takes two codes of steps that follow each other, however far off within ten minutes."""
    first, second = codes
    now = _now(trial, factor)
    generator = generator_of(trial, factor)
    if generator is None:
        return WRONG
    found = generator.matching(range(now - RESYNC_STEPS, now + RESYNC_STEPS), first)
    pairs = [step + 1 for step in found if generator.matching([step + 1], second)]
    return _use(trial, factor, pairs[-1], now) if pairs else WRONG


def _accept(trial: Trial, factor: Factor, code: str, among: Sequence[int]) -> Tried:
    generator = generator_of(trial, factor)
    found = generator.matching(among, code) if generator else []
    return _use(trial, factor, found[-1], _now(trial, factor)) if found else WRONG


def _use(trial: Trial, factor: Factor, step: int, now: int) -> Tried:
    taken = factors.accept_step(trial.connection, factor.id, step, step - now, trial.at_ms)
    return Tried(None, str(step)) if taken else USED


def _now(trial: Trial, factor: Factor) -> int:
    return step_of(trial.at_ms, factor.period_s or 30)
