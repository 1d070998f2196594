"""Codes of authenticator apps and tokens: HOTP counts presses (RFC 4226), TOTP counts steps of time (RFC 6238)."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pyotp

from otp_service.domain.codes import same

# A secret has as many bytes as its hash (RFC 6238, appendix B); of SHA-1 that is what RFC 4226 recommends (section 4).
ALGORITHMS: dict[str, tuple[Callable[..., Any], int]] = {
    "SHA1": (hashlib.sha1, 20),
    "SHA256": (hashlib.sha256, 32),
    "SHA512": (hashlib.sha512, 64),
}
DIGITS = (6, 7, 8)
LOOK_AHEAD = 10  # presses of a token that nobody typed in: RFC 4226, section 7.4


@dataclass(frozen=True, slots=True)
class Generator:
    """What gives one code per count: a secret in base32, its hash, and how many digits are shown."""

    secret: str = field(repr=False)
    algorithm: str = "SHA1"
    digits: int = 6

    def code(self, count: int) -> str:
        """The code at one count."""
        return self._otp().generate_otp(count)

    def matching(self, counts: Iterable[int], code: str) -> list[int]:
        """The counts whose code this is, in their order; every one is looked at, whichever matches."""
        otp = self._otp()
        return [count for count in counts if count >= 0 and same(otp.generate_otp(count), code)]

    def _otp(self) -> pyotp.OTP:
        return pyotp.OTP(self.secret, digits=self.digits, digest=ALGORITHMS[self.algorithm][0])


def step_of(at_ms: int, period_s: int) -> int:
    """The step of a moment."""
    return at_ms // 1000 // period_s


def steps(now: int, drift: int, back: int) -> list[int]:
    """The steps whose codes are taken now: this one and `back` before it, by the service's clock and by the device's.

    Both clocks count: a device whose clock was set right must not be locked out by what is remembered of it.
    """
    return sorted({*range(now - back, now + 1), *range(now + drift - back, now + drift + 1)})
