"""What importing and bulk enrolment share: a new factor's row, its user's, and by what a secret is known again."""

import base64
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple, TypeVar

from otp_service.domain.factors.codes import step_of
from otp_service.domain.factors.files.rows import Entry
from otp_service.domain.keys import NONCE_BYTES, mac
from otp_service.ledger.factor_users import FactorUser
from otp_service.ledger.factors import Factor
from otp_service.ledger.ids import new_id
from otp_service.service.core import Core, random_bytes
from otp_service.service.factors.sealing import Kept, opened, seal
from otp_service.service.factors.users import user_index_of

FINGERPRINT_BYTES = 12

Item = TypeVar("Item")


class New(NamedTuple):
    """A user, who may be known, and a factor of theirs."""

    user: FactorUser
    factor: Factor


def made(
    core: Core,
    application_id: str,
    index: str,
    entry: Entry,
    at_ms: int,
    expires_ms: int | None = None,
    *,
    fresh: bool = False,
) -> New:
    """The rows of a factor, active unless it has to be confirmed in time.

    Unless it is fresh, steps of TOTP up to now count as used: what another service accepted a moment ago must not be
    accepted here again.
    """
    sealed_user = core.ring.seal(entry.user.encode(), index, random_bytes(NONCE_BYTES))
    user = FactorUser(index, application_id, False, sealed_user, 0, 0, None, at_ms)
    id = new_id("fac")
    kept = Kept(base64.b32encode(entry.secret).decode().rstrip("="), entry.label or entry.user, entry.issuer)
    factor = Factor(
        *(id, index, application_id, entry.type, "unconfirmed" if expires_ms else "active"),
        *(entry.algorithm, entry.digits, entry.period_s),
        sealed=seal(core, application_id, index, id, kept),
        counter=entry.counter if fresh else _counter(entry, at_ms),
        drift=entry.drift,
        created_at=at_ms,
        expires_at=expires_ms,
        confirmed_at=None if expires_ms else at_ms,
    )
    return New(user, factor)


def index_of(core: Core, application_id: str, user: str) -> str:
    """By what a user of live keys is found."""
    return user_index_of(core, application_id, user)


def fingerprint(core: Core, index: str, secret: bytes) -> int:
    """By what the same secret of the same user is known again."""
    return int.from_bytes(mac(core.index_key, "factor secret", index, secret)[:FINGERPRINT_BYTES], "big")


def secret_of(core: Core, factor: Factor) -> bytes | None:
    """The bytes of a factor's secret, if it has one that opens."""
    kept = opened(core, factor)
    return unpadded(kept.secret) if kept and kept.secret else None


def unpadded(secret: str) -> bytes:
    """The bytes of base32 without its padding."""
    return base64.b32decode(secret + "=" * (-len(secret) % 8))


def parts(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items, so many at a time."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def _counter(entry: Entry, at_ms: int) -> int:
    if entry.type == "hotp" or entry.period_s is None:
        return entry.counter
    return max(entry.counter, step_of(at_ms, entry.period_s) + max(entry.drift, 0))
