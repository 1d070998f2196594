"""Recovery codes: ten of 80 bits, for whoever has lost their device; only keyed hashes of them are kept."""

import base64
import re

from otp_service.domain.keys import b64, mac

COUNT = 10
BYTES = 10  # 80 bits each; NIST SP 800-63B-4, section 4.2.1.1, asks for 64
HASH_BYTES = 18
_SHAPE = re.compile(r"[A-Za-z2-7]{4}(-?[A-Za-z2-7]{4}){3}", re.ASCII)


def new_codes(random: bytes) -> tuple[str, ...]:
    """Ten codes as people get them, `ABCD-EFGH-IJKL-MNOP`; `random` is COUNT x BYTES from a CSPRNG."""
    raw = (random[first : first + BYTES] for first in range(0, COUNT * BYTES, BYTES))
    return tuple(_grouped(base64.b32encode(each).decode()) for each in raw)


def normal(code: str) -> str | None:
    """The one spelling of a code that was typed in: capitals without hyphens; None if no recovery code looks so."""
    return code.replace("-", "").upper() if _SHAPE.fullmatch(code) else None


def code_hash(index_key: bytes, factor: str, code: str) -> str:
    """By what a code in its normal spelling is found again; the key never rotates: no code is kept."""
    return b64(mac(index_key, "recovery", factor, code)[:HASH_BYTES])


def _grouped(text: str) -> str:
    return "-".join(text[first : first + 4] for first in range(0, len(text), 4))
