"""What Redis knows of one person, and forgetting it.

A person is known by needles: the index of the number, and its subject in every realm, which stands in the names of keys
and at the beginning of verification ids. On a single Redis all keys are walked through, so that nothing is missed that
an older policy has counted; on a Cluster those whose names can be computed are forgotten, and the rest ends by itself
within a day.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from otp_service.domain.ids import address_of, message_place
from otp_service.domain.vendor_ids import names
from otp_service.store.keys import (
    cell_tag,
    failures_key,
    message_keys,
    parts_key,
    reference_key,
    refusals_key,
    repay_key,
    subject_keys,
)
from otp_service.store.link import Link
from otp_service.store.outbox import GROUP, Keys
from otp_service.store.receipts import id_key
from otp_service.store.scripts import SCRIPTS

BATCH = 500
SCAN = 5000
_FORGET = SCRIPTS["forget"]

Entry = tuple[str, list[str]]  # its id, and field, value, field, value


@dataclass(frozen=True, slots=True)
class Traces:
    """What names a person: the number's index, its subjects (raw), ids of verifications and messages, vendors' ids."""

    index: str
    subjects: Sequence[bytes]
    needles: frozenset[str]  # the index, and the subjects as they are written
    verifications: Sequence[str] = ()
    messages: Sequence[str] = ()
    vendor_ids: Sequence[tuple[str, str]] = ()
    keys: Sequence[str] = field(default=())  # of limits and of the brake


def pending(link: Link, cells: int, index: str, needles: Iterable[str]) -> list[str]:
    """The facts about this person that the ledger does not have yet, as their JSON."""
    wanted = {index, *needles}
    return [
        text
        for cell in range(cells)
        for _, fields in _stream(link, Keys.of(cell).facts)
        if any(each in (text := " ".join(fields)) for each in wanted)
    ]


def refusals(link: Link, cells: int, index: str) -> Iterator[dict[str, str]]:
    """The refusals of this number that are still kept."""
    for cell in range(cells):
        for _, fields in _stream(link, refusals_key(cell_tag(cell))):
            named = dict(zip(fields[::2], fields[1::2], strict=True))
            if index in named.get("d", ""):
                yield named


def forget(link: Link, cells: int, traces: Traces, *, scan: bool) -> bool:
    """Forgets the person; False if a courier was just bringing a message of theirs to a provider."""
    held = [_forget_queued(link, Keys.of(cell), traces) for cell in range(cells)]
    for cell in range(cells):
        for name in (refusals_key, repay_key):
            _drop(link, name(cell_tag(cell)), traces)
    for key in dict.fromkeys(_named(link, cells, traces)):
        link.command("DEL", key)
    if scan:
        _walk(link, traces)
    return not any(held)


def _forget_queued(link: Link, keys: Keys, traces: Traces) -> bool:
    """Takes what waits out of one cell; True if a courier holds some of it."""
    held = False
    for stream in keys.outbox:
        for entry in _theirs(link, stream, traces):
            held |= bool(link.command("XACK", stream, GROUP, entry))  # 1 where somebody had taken it
            link.command("XDEL", stream, entry)
    _drop(link, keys.dead, traces)
    for message in traces.messages:
        link.command("ZREM", keys.due, f"@{message}")
        link.command("HDEL", keys.held, message, f"{message}!")
    for member in link.command("ZRANGE", keys.due, 0, -1):
        if _is_about(member, traces):
            link.command("ZREM", keys.due, member)
    return held


def _named(link: Link, cells: int, traces: Traces) -> Iterator[str]:
    """The keys whose names follow from what is known."""
    yield from traces.keys
    for subject in traces.subjects:
        yield failures_key(subject, cells)
    for verification in traces.verifications:
        yield subject_keys(address_of(verification), cells).record
    for message in traces.messages:
        place = message_place(message)
        if place is not None:
            own = message_keys(place, message, cells)
            reference = link.command("HGET", own.record, "rf")
            yield from (own.record, *([reference_key(own.cell, reference)] if reference else []))
        yield from (parts_key(cell_tag(cell), message) for cell in range(cells))
    for provider, id in traces.vendor_ids:
        yield from (id_key(provider, name) for name in names(id))


def _walk(link: Link, traces: Traces) -> None:
    """Goes through all keys for what no name led to."""
    cursor = "0"
    while True:
        cursor, keys = link.command("SCAN", cursor, "MATCH", "{[ci]*", "COUNT", SCAN)
        for key in keys:
            if traces.needles.intersection(key.split(":")):
                link.command("DEL", key)
        answers = [key for key in keys if key.startswith("{i:")]
        for first in range(0, len(answers), BATCH):
            link.call(_FORGET, answers[first : first + BATCH], [*traces.needles, *traces.messages])
        if str(cursor) == "0":
            return


def _drop(link: Link, stream: str, traces: Traces) -> None:
    for entry in _theirs(link, stream, traces):
        link.command("XDEL", stream, entry)


def _theirs(link: Link, stream: str, traces: Traces) -> list[str]:
    return [entry for entry, fields in _stream(link, stream) if _is_about(" ".join(fields), traces)]


def _is_about(text: str, traces: Traces) -> bool:
    return any(needle in text for needle in traces.needles) or any(each in text for each in traces.messages)


def _stream(link: Link, key: str) -> Iterator[Entry]:
    """All entries of a stream, a few at a time."""
    after = "-"
    while found := link.command("XRANGE", key, after, "+", "COUNT", BATCH):
        for entry, fields in found:
            # Clients differ: as Redis answers it, or as a mapping.
            yield entry, [part for pair in fields.items() for part in pair] if isinstance(fields, dict) else fields
        after = f"({found[-1][0]}"
