"""Trust tokens: what a remembered device shows in place of a code; signed, and of use to one user on one device."""

import hmac
import re
from dataclasses import dataclass

from otp_service.domain.keys import b64, mac

ID = "dev"  # what ids of devices begin with
_SHAPE = re.compile(r"(dev_[A-Za-z0-9_-]{22})\.([0-9]{1,15})\.[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a token is made for: a user of a realm, on the device that the application calls so."""

    realm: str
    user_index: str
    device_id: str


@dataclass(frozen=True, slots=True)
class Trust:
    """What a token stands for: the id of a row that can be revoked, and its end."""

    id: str
    expires_ms: int


def token(index_key: bytes, bearer: Bearer, trust: Trust) -> str:
    """The token; its key never rotates, since a token has to outlive a rotation of the ring."""
    whose = (bearer.realm, bearer.user_index, bearer.device_id)
    seal = mac(index_key, "trust", *whose, trust.id, str(trust.expires_ms))
    return f"{trust.id}.{trust.expires_ms:d}.{b64(seal)}"


def read(index_key: bytes, bearer: Bearer, text: str) -> Trust | None:
    """What a token that the bearer shows stands for; None if it is forged, changed or made for anybody else."""
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        return None
    trust = Trust(shape[1], int(shape[2]))
    # As text: base64 has more than one spelling of the same bytes.
    return trust if hmac.compare_digest(token(index_key, bearer, trust), text) else None
