"""A trace: requests for codes in the order of time, one row each, in the CSV that `simulate fraud` reads."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from otp_service.domain.addresses import is_address

COLUMNS = (
    *("t_s", "to", "ip", "device_id", "user_id"),
    *("price_micros", "converts_after_s", "passes_challenge", "label"),
)
NEEDED = ("t_s", "to", "price_micros")
LEGIT = "legit"
ATTACK = "attack"
MOST_MICROS = 10**9
E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_HINT = f"the first line names the columns: {','.join(COLUMNS)}"


class BadTrace(ValueError):
    """A trace that can't be read; it says where, what is wrong and what to do."""


class Row(NamedTuple):
    """One request for a code; `label` is for scoring alone, and no engine is shown it."""

    at_ms: int
    to: str
    ip: str
    device: str
    user: str
    price_micros: int
    converts_after_ms: int | None
    passes: bool
    label: str

    @property
    def attack(self) -> bool:
        """Whether the label says that nobody wanted this code."""
        return self.label != LEGIT

    @property
    def family(self) -> str:
        """The kind of attack: what the label has behind `attack:`."""
        return self.label.partition(":")[2] or self.label


def rows(lines: Iterable[Sequence[str]]) -> Iterator[Row]:
    """The rows of a CSV whose lines are split already; BadTrace for the first that can't be read."""
    numbered = enumerate(lines, 1)
    places = _places(next(numbered, (1, ()))[1])
    last = 0
    for line, cells in numbered:
        if not cells:
            continue
        row = _row(places, cells, line)
        if row.at_ms < last:
            raise BadTrace(f"line {line}: t_s goes back; sort the rows by t_s")
        last = row.at_ms
        yield row


def _places(header: Sequence[str]) -> dict[str, int]:
    places = {name.strip().lstrip("\ufeff").lower(): place for place, name in enumerate(header)}
    missing = [name for name in NEEDED if name not in places]
    if missing:
        raise BadTrace(f"line 1: there is no column {missing[0]}; {_HINT}")
    return {name: places.get(name, -1) for name in COLUMNS}


def _row(places: dict[str, int], cells: Sequence[str], line: int) -> Row:
    try:
        t, to, ip, device, user, price, converts, passes, label = (
            cells[place].strip() if place >= 0 else "" for place in places.values()
        )
    except IndexError:
        raise BadTrace(f"line {line}: it has {len(cells)} cells, fewer than the first line names") from None
    if not E164.fullmatch(to):
        raise BadTrace(f"line {line}: to is no phone number in E.164 form; write it like +41791234567")
    if ip and not is_address(ip):
        raise BadTrace(f"line {line}: ip is no IP address; leave it empty where it is not known")
    return Row(
        _ms(t, "t_s", line),
        *(to, ip, device, user),
        _micros(price, line),
        _ms(converts, "converts_after_s", line) if converts else None,
        _flag(passes, line),
        _label(label, line),
    )


def _ms(text: str, column: str, line: int) -> int:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e10:
        raise BadTrace(f"line {line}: {column} is no number of seconds from 0 on; write it like 38.2")
    return round(seconds * 1000)


def _micros(text: str, line: int) -> int:
    try:
        price = float(text)
    except ValueError:
        price = -1.0
    if not 0 <= price <= MOST_MICROS:
        raise BadTrace(
            f"line {line}: price_micros is no price in millionths from 0 to {MOST_MICROS}; write it like 45000"
        )
    return round(price)


FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}


def _flag(text: str, line: int) -> bool:
    found = FLAGS.get(text.lower())
    if found is None:
        raise BadTrace(f"line {line}: passes_challenge is neither 0 nor 1")
    return found


def _label(text: str, line: int) -> str:
    if text in ("", LEGIT):
        return LEGIT
    if text == ATTACK or text.startswith(f"{ATTACK}:"):
        return text
    raise BadTrace(f"line {line}: label is neither {LEGIT} nor {ATTACK}:<family>")


def cells_of(row: Row) -> tuple[str, ...]:
    """A row as the CSV has it."""
    converts = "" if row.converts_after_ms is None else _seconds(row.converts_after_ms)
    passes = "1" if row.passes else "0"
    return (
        *(_seconds(row.at_ms), row.to, row.ip, row.device, row.user),
        *(str(row.price_micros), converts, passes, row.label),
    )


def _seconds(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000:03d}"
