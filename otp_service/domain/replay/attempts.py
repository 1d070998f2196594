"""A vendor's export of attempts as the rows of a trace.

Twilio Verify: fields of the Verification Attempts API (twilio.com/docs/verify/api/attempts: sid, verification_sid,
date_created, date_updated, conversion_status CONVERTED | UNCONVERTED, channel, price {value, currency}, channel_data
{to, country, ...}), flattened with dots, underscores or spaces. (*) The console's CSV has no published list of columns,
so names are compared without case and punctuation. What an export does not say stays unknown: the client's address,
device and user, and when exactly a code was typed. Who typed a code is taken to be somebody who would have solved a
challenge, and nobody else.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from otp_service.domain.addresses import is_address
from otp_service.domain.errors import Refusal
from otp_service.domain.phone import parse_number
from otp_service.domain.prices import price_micros
from otp_service.domain.replay.trace import E164, LEGIT, BadTrace, Row
from otp_service.domain.times import milliseconds

# Ours, and theirs as they are spelt without case and punctuation; the first one that is there counts.
NAMES = {
    "to": ("to", "channeldatato", "destination", "phonenumber", "phone", "recipient"),
    "created": ("datecreated", "createdat", "created", "attemptdate", "timestamp", "date", "time"),
    "updated": ("dateupdated", "updatedat", "updated"),
    "converted": ("conversionstatus", "converted", "conversion", "status", "verificationstatus"),
    "price": ("pricevalue", "price", "attemptprice", "cost"),
    "channel": ("channel",),
    "ip": ("ip", "ipaddress", "clientip"),
    "device": ("device", "deviceid"),
    "user": ("user", "userid"),
}
NEEDED = ("to", "created", "converted")
CONVERTED = frozenset({"converted", "approved", "true", "yes", "1"})
ASSUMED_MS = 20_000  # from a text to its code, where the export does not tell
LONGEST_MS = 600_000


@dataclass(slots=True)
class Attempts:
    """The rows of an export in the order of time, what it could not say, and what was left aside."""

    rows: list[Row] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    estimated: int = 0  # rows whose price is ours, since the export has none
    unread: int = 0  # rows whose address is none, and so is not known


def attempts(lines: Iterable[Sequence[str]]) -> Attempts:
    """Reads an export; BadTrace where the columns that must be there are not."""
    iterator = iter(lines)
    places = _places(next(iterator, ()))
    found = Attempts(unknown=[name for name, place in places.items() if place < 0])
    for cells in iterator:
        if not any(cells):
            continue
        if len(cells) <= max(places[name] for name in NEEDED):
            _skip(found, "a line that is cut short")
        else:
            _add(found, {name: cells[place].strip() for name, place in places.items() if 0 <= place < len(cells)})
    if found.unread:
        found.unknown.append(f"ip of {found.unread} {'line' if found.unread == 1 else 'lines'}")
    found.rows.sort(key=lambda row: row.at_ms)
    first = found.rows[0].at_ms if found.rows else 0
    found.rows = [row._replace(at_ms=row.at_ms - first) for row in found.rows]
    return found


def _places(header: Sequence[str]) -> dict[str, int]:
    plain = ["".join(each for each in name.lower() if each.isalnum()) for name in header]
    places = {name: next((plain.index(one) for one in theirs if one in plain), -1) for name, theirs in NAMES.items()}
    for name in NEEDED:
        if places[name] < 0:
            raise BadTrace(f"line 1: no column tells `{name}`; it may be called {', '.join(NAMES[name])}")
    return places


def _add(found: Attempts, cells: Mapping[str, str]) -> None:
    to = cells["to"] if cells["to"].startswith("+") else f"+{cells['to']}"
    wrong = _unusable(to, cells)
    if wrong:
        return _skip(found, wrong)
    price = _price(cells.get("price", ""))
    if price is None:
        price, found.estimated = price_micros(_country(to), {}), found.estimated + 1
    created = _moment(cells["created"]) or 0
    typed = _delay(created, cells) if cells["converted"].lower() in CONVERTED else None
    names = (_ip(found, cells.get("ip", "")), cells.get("device", ""), cells.get("user", ""))
    found.rows.append(Row(created, to, *names, price, typed, typed is not None, LEGIT))


def _ip(found: Attempts, text: str) -> str:
    """An address; none where the export has a word or a port there, for which no line is worth losing."""
    if not text or is_address(text):
        return text
    found.unread += 1
    return ""


def _country(to: str) -> str:
    """Where a number is, by the number itself: exports tell it by code, by name, by dialling code or not at all."""
    try:
        return parse_number(to).country
    except Refusal:
        return ""


def _skip(found: Attempts, why: str) -> None:
    found.skipped[why] = found.skipped.get(why, 0) + 1


def _unusable(to: str, cells: Mapping[str, str]) -> str:
    if cells.get("channel", "sms").lower() not in ("sms", "text", ""):
        return "not a text message"
    if not E164.fullmatch(to):
        return "no phone number in full"
    return "" if _moment(cells["created"]) is not None else "no time in ISO 8601"


def _moment(text: str) -> int | None:
    try:
        return milliseconds(text if "T" in text else text.replace(" ", "T", 1))
    except ValueError:
        return None


def _delay(created: int, cells: Mapping[str, str]) -> int:
    updated = _moment(cells.get("updated", ""))
    return min(updated - created, LONGEST_MS) if updated is not None and updated > created else ASSUMED_MS


def _price(text: str) -> int | None:
    """A price in dollars as micros; vendors write what is charged with a minus."""
    try:
        price = abs(float(text))
    except ValueError:
        return None
    return round(price * 1e6) if price < 1000 else None
