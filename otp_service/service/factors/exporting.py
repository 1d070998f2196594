"""All factors of an application as a file, streamed; who took them is in the audit before the first one leaves."""

from collections.abc import Callable, Iterator

from otp_service.domain.errors import Refusal, invalid_field
from otp_service.domain.factors.files import PLAIN, WRITTEN, format_of
from otp_service.domain.factors.files.rows import BadFile, Entry, Given, Type
from otp_service.domain.factors.files.sealed import LEAST_PASSPHRASE, SALT_BYTES
from otp_service.ledger import audit, factor_batches
from otp_service.ledger.factor_users import FactorUser
from otp_service.ledger.factors import Factor
from otp_service.service.admin.opening import changing, looking, owner
from otp_service.service.core import Core, random_bytes
from otp_service.service.factors import history
from otp_service.service.factors.batches import unpadded
from otp_service.service.factors.sealing import opened

TYPES: dict[str, Type] = {"totp": "totp", "hotp": "hotp"}
Tell = Callable[[int], None]


def export_factors(
    core: Core,
    actor: str,
    application: str,
    format: str,
    passphrase: str = "",
    *,
    plain: bool = False,
    tell: Tell = lambda factors: None,
) -> Iterator[bytes]:
    """The active factors of TOTP and HOTP, but for what test keys made; a factor that does not open ends the export.

    Refusal invalid_field for an open format that was not asked for as such, a short passphrase, or what a format can't
    carry; not_found without such an application.
    """
    _refuse(format, passphrase, plain)
    with changing(core, actor) as change:
        of = owner(change.connection, application).id
        told = {"format": format, "factors": factor_batches.count(change.connection, of)}
        audit.record(change, "factors.export", application_id=of, after=told)
    return _pieces(core, of, format, passphrase, tell)


def _refuse(format: str, passphrase: str, plain: bool) -> None:
    if format not in WRITTEN:
        raise invalid_field("format", f"must be one of {', '.join(WRITTEN)}")
    if format in PLAIN and not plain:
        raise invalid_field(
            "format", "whoever reads this file can make every code: ask for a plain one in so many words"
        )
    if format not in PLAIN and len(passphrase) < LEAST_PASSPHRASE:
        raise invalid_field("passphrase", f"must have {LEAST_PASSPHRASE} characters or more")


def _pieces(core: Core, application_id: str, format: str, passphrase: str, tell: Tell) -> Iterator[bytes]:
    entries = _entries(core, application_id, tell)
    try:
        yield from format_of(format).write(entries, Given(passphrase, random_bytes(SALT_BYTES)))
    except BadFile as bad:
        raise Refusal("invalid_field", f"the format can't carry every factor: {bad.detail}") from None


def _entries(core: Core, application_id: str, tell: Tell) -> Iterator[Entry]:
    count = 0
    with looking(core) as connection:
        for count, (user, factor) in enumerate(factor_batches.every(connection, application_id), 1):
            yield _entry(core, user, factor)
            if count % factor_batches.CHUNK == 0:
                tell(count)
    tell(count)


def _entry(core: Core, user: FactorUser, factor: Factor) -> Entry:
    kept, name = opened(core, factor), history.name_of(core, user)
    if kept is None or kept.secret is None or name is None:
        raise Refusal("unavailable", f"the factor {factor.id} does not open: its row or the key ring was changed")
    return Entry(
        name,
        TYPES[factor.type],
        unpadded(kept.secret),
        factor.algorithm or "SHA1",
        factor.digits or 6,
        factor.period_s,
        factor.counter,
        None if kept.label == name else kept.label,
        kept.issuer,
        factor.drift,
    )
