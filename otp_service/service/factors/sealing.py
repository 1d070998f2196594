"""What of a factor is kept sealed: its secret, and what people call it."""

import json
from dataclasses import asdict, dataclass, field

import structlog

from otp_service.domain.keys import NONCE_BYTES, UnknownKid
from otp_service.ledger.factors import Factor
from otp_service.service.core import Core, random_bytes

log = structlog.get_logger("otp_service.factors")


@dataclass(frozen=True, slots=True)
class Kept:
    """A secret in base32, if the factor has one, and the names that an app shows."""

    secret: str | None = field(repr=False)
    label: str
    issuer: str | None = None


def seal(core: Core, application_id: str, user_index: str, factor_id: str, kept: Kept) -> str:
    """Openable only in the row of this factor, of this user, of this application."""
    bound_to = _place(application_id, user_index, factor_id)
    return core.ring.seal(json.dumps(asdict(kept)).encode(), bound_to, random_bytes(NONCE_BYTES))


def opened(core: Core, factor: Factor) -> Kept | None:
    """What was sealed; None, and a line in the log, if it was moved here from another row, changed, or its key is gone.

    One that does not open must not keep a user from the others, and no code is right for it.
    """
    try:
        raw = core.ring.open(factor.sealed, _place(factor.application_id, factor.user_index, factor.id))
        told = json.loads(raw)
        return Kept(told["secret"], told["label"], told.get("issuer"))  # what a later release adds is passed over
    except (UnknownKid, ValueError, KeyError):
        log.error("factor_does_not_open", factor=factor.id)
        return None


def _place(application_id: str, user_index: str, factor_id: str) -> str:
    return f"{application_id}/{user_index}/{factor_id}"
