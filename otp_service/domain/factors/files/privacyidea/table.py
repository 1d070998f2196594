"""privacyIDEA's CSV: owner, serial, otpkey, type, otplen, and the period of TOTP; without a header.

It tells neither hash nor counter: TOTP is taken for SHA1; HOTP is refused, since used codes would be good again.
"""

from collections.abc import Iterable, Iterator

from otp_service.domain.factors.files import values
from otp_service.domain.factors.files.privacyidea.owners import Owners, parted
from otp_service.domain.factors.files.rows import Asked, BadValue, Entry, Row, meant, row

CELLS = 6
UNTOLD = "None"  # the older of the two tools writes this for every period


def read(lines: Iterable[bytes], asked: Asked) -> Iterator[Row]:
    """A factor per line of TOTP."""
    owners = Owners(asked)
    for number, line in meant(lines):
        yield row(number, lambda line=line: _entry(owners, line))  # type: ignore[misc]


def _entry(owners: Owners, line: str) -> Entry:
    # Nothing is quoted there: an owner may hold a comma, what follows can't.
    cells = [cell.strip() for cell in line.rsplit(",", CELLS - 1)]
    if len(cells) < CELLS - 1:
        raise BadValue("this is no line of privacyIDEA's CSV: owner, serial, otpkey, type, otplen, period")
    if "hotp" in (cells[-1].lower(), cells[-2].lower()):
        raise BadValue("this file tells no counters of HOTP: export as pi or YAML")
    if len(cells) < CELLS or cells[-1] == UNTOLD:
        raise BadValue("this file tells no period: export with pi-tokenjanitor, or as YAML")
    owner, serial, otpkey, type, otplen, period = cells
    return Entry(
        values.named("the user", owners.user({**parted(owner), "serial": serial})),
        values.type_of(type),
        values.either(otpkey),
        digits=values.digits(otplen),
        period_s=values.period_s(period),
    )
