"""Files of factors, and what the service says of them."""

import base64
from typing import Any

from otp_service.domain.factors.codes import Generator, step_of
from otp_service.domain.factors.files import format_of
from otp_service.domain.factors.files.rows import Asked, Entry, Given
from otp_service.service.factors.exporting import export_factors
from otp_service.service.factors.importing import Told, Wish, import_factors
from tests.factor_world import FactorWorld

ACTOR = "cli"
PASSPHRASE = "correct horse battery"
SECRET = bytes(range(20))


def entry(user: str = "u1", secret: bytes = SECRET, **other: Any) -> Entry:
    """A factor of TOTP."""
    return Entry(user, "totp", secret, **other)


def token(user: str = "u1", counter: int = 0, secret: bytes = SECRET) -> Entry:
    """A factor of HOTP."""
    return Entry(user, "hotp", secret, period_s=None, counter=counter)


def file_of(*some: Entry, format: str = "sealed") -> bytes:
    """These factors as a file."""
    return b"".join(format_of(format).write(some, Given(PASSPHRASE, bytes(16), 2**10)))


def taken(world: FactorWorld, file: bytes, format: str = "sealed", **wish: Any) -> Told:
    """What becomes of a file."""
    lines = file.splitlines(keepends=True)
    asked = Wish("shop", format, Asked(PASSPHRASE), **wish)
    return import_factors(world.core, ACTOR, lambda: lines, asked)


def exported(world: FactorWorld, format: str = "sealed", **how: Any) -> bytes:
    """An application's factors as a file."""
    passphrase = PASSPHRASE if format == "sealed" else ""
    return b"".join(export_factors(world.core, ACTOR, "shop", format, passphrase, **how))


def read(file: bytes, format: str = "sealed") -> list[Entry]:
    """The factors in a file, in the order of their users."""
    rows = format_of(format).read(file.splitlines(keepends=True), Asked(PASSPHRASE))
    return sorted((row.found for row in rows if isinstance(row.found, Entry)), key=lambda each: each.user)


def code(world: FactorWorld, of: Entry, steps: int = 0) -> str:
    """What the app or token of this factor shows."""
    at = of.counter if of.type == "hotp" else step_of(world.clock.now, of.period_s or 30)
    return Generator(base64.b32encode(of.secret).decode(), of.algorithm, of.digits).code(at + steps)
