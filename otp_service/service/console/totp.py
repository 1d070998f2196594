"""The authenticator app: six digits by RFC 6238, each accepted once."""

import base64
import re
from io import BytesIO

import pyotp
import segno

from otp_service.domain.codes import same
from otp_service.domain.keys import UnknownKid
from otp_service.service.core import Core, now_ms, random_bytes

SECRET_BYTES = 20  # 160 bits, as RFC 4226 recommends (section 4, R6)
PERIOD_S = 30
ISSUER = "otp-service"
_CODE = re.compile("[0-9]{6}")  # ASCII only: pyotp takes full-width digits for digits


def new_secret() -> str:
    """A secret as apps take it: base32."""
    return base64.b32encode(random_bytes(SECRET_BYTES)).decode()


def uri(secret: str, name: str) -> str:
    """What an app reads."""
    return str(pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER))


def qr_svg(secret: str, name: str) -> str:
    """The same as a picture, whose colours are the style sheet's."""
    drawn = BytesIO()
    segno.make(uri(secret, name), error="m").save(
        drawn, kind="svg", xmldecl=False, svgclass="qr", lineclass=None, omitsize=True, border=4, light="#ffffff"
    )
    return drawn.getvalue().decode()


def matching_step(secret: str, code: str) -> int | None:
    """The time step that a code is of: this one, or one beside it; None if it is of neither."""
    if not _CODE.fullmatch(code):
        return None
    now = now_ms() // 1000 // PERIOD_S
    app = pyotp.TOTP(secret)
    found = [step for step in (now - 1, now, now + 1) if same(app.generate_otp(step), code)]
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
