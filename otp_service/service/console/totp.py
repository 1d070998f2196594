"""The authenticator app of an admin: six digits by RFC 6238, each accepted once."""

import base64

import pyotp

from otp_service.domain.factors.codes import Generator, step_of
from otp_service.domain.keys import UnknownKid
from otp_service.service.core import Core, now_ms, random_bytes
from otp_service.service.factors import pictures

SECRET_BYTES = 20  # 160 bits, as RFC 4226 recommends (section 4, R6)
PERIOD_S = 30
DIGITS = 6
ISSUER = "otp-service"


def new_secret() -> str:
    """A secret as apps take it: base32."""
    return base64.b32encode(random_bytes(SECRET_BYTES)).decode()


def uri(secret: str, name: str) -> str:
    """What an app reads."""
    return str(pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER))


def qr_svg(secret: str, name: str) -> str:
    """The same as a picture."""
    return pictures.qr_svg(uri(secret, name))


def matching_step(secret: str, code: str) -> int | None:
    """The time step that a code is of: this one, or one beside it; None if it is of neither."""
    if not (len(code) == DIGITS and code.isascii() and code.isdigit()):  # pyotp takes full-width digits for digits
        return None
    now = step_of(now_ms(), PERIOD_S)
    found = Generator(secret).matching((now - 1, now, now + 1), code)
    return found[-1] if found else None


def seal(core: Core, account_id: str, secret: str) -> str:
    """The secret as the ledger keeps it: openable only beside this account's id."""
    return core.ring.seal(secret.encode(), account_id, random_bytes(12))


def opened(core: Core, account_id: str, sealed: str) -> str | None:
    """The secret of an account; None if it was moved here from another, or its key is gone."""
    try:
        return core.ring.open(sealed, account_id).decode()
    except (UnknownKid, ValueError):
        return None
