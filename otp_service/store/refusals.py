"""The log of refusals: a stream per cell, kept for a day, in which support finds why somebody was refused."""

import heapq
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, NamedTuple

from otp_service.domain.evidence import Evidence
from otp_service.domain.keys import canonical
from otp_service.store.keys import cell_tag, refusals_key
from otp_service.store.link import Arg, Link
from otp_service.store.scripts import SCRIPTS

AT_ONCE = 100
AskedFor = Literal["code", "message", "check"]
_REFERENCE = re.compile(r"rf_([0-9]{1,5})_([0-9]{1,15})_([0-9]{1,10})", re.ASCII)


class Place(NamedTuple):
    """Where an entry stands: places are in the order in which refusals happened."""

    ms: int
    sequence: int
    cell: int

    @property
    def reference(self) -> str:
        """What a caller was told and support pastes."""
        return f"rf_{self.cell}_{self.ms}_{self.sequence}"


@dataclass(frozen=True, slots=True)
class Refused:
    """One refusal, or what would have been one in shadow mode; times in milliseconds."""

    place: Place
    at_ms: int
    code: str
    rule: str
    wait_ms: int
    request: str
    detail: dict[str, Any]  # asked_for if it was no code; application, test, purpose, person, client, request
    evidence: Sequence[Evidence]
    mode: str  # enforce or shadow

    @property
    def asked_for(self) -> AskedFor:
        """What was refused: to send a code, to send a message, or to compare a code."""
        asked: AskedFor = self.detail.get("asked_for", "code")
        return asked


def record(
    link: Link,
    cell: str,
    *,
    code: str,
    evidence: Sequence[Evidence],
    request: str,
    detail: dict[str, Any],
    now: str = "",
) -> str:
    """Keeps a refusal, and answers its reference; sent once, for a repeat would keep it twice."""
    rule = f"{evidence[0]['scope']} {evidence[0]['rule']}" if evidence else ""
    args: list[Arg] = [now, code, rule, 0, request, canonical(detail), canonical(evidence), "enforce"]
    kept: str = link.once(SCRIPTS["refuse"], [refusals_key(cell)], args)
    return kept


def read_reference(text: str, cells: int) -> Place | None:
    """The place that a reference names; None for what is none of this store's."""
    found = _REFERENCE.fullmatch(text)
    if found is None or int(found[1]) >= cells:
        return None
    return Place(int(found[2]), int(found[3]), int(found[1]))


def find(link: Link, place: Place) -> Refused | None:
    """The refusal at this place; None once a day has passed."""
    id_ = f"{place.ms}-{place.sequence}"
    return next(iter(_entries(place.cell, link.command("XRANGE", _key(place.cell), id_, id_))), None)


def newest(link: Link, cells: Sequence[int], before: Place | None = None) -> Iterator[Refused]:
    """Refusals of these cells, newest first, those before a place; read as far as they are asked for."""
    each = [_of_cell(link, cell, before) for cell in cells]
    return heapq.merge(*each, key=lambda refused: refused.place, reverse=True)


def _of_cell(link: Link, cell: int, before: Place | None) -> Iterator[Refused]:
    last = "+" if before is None else f"{before.ms}-{before.sequence}"
    while True:
        found = list(_entries(cell, link.command("XREVRANGE", _key(cell), last, "-", "COUNT", AT_ONCE)))
        yield from (refused for refused in found if before is None or refused.place < before)
        if len(found) < AT_ONCE:
            return
        last = f"({found[-1].place.ms}-{found[-1].place.sequence}"


def _entries(cell: int, answer: Any) -> Iterator[Refused]:
    for id_, fields in answer or ():
        yield _read(cell, _text(id_), dict(_pairs(fields)))


def _read(cell: int, id_: str, told: dict[str, str]) -> Refused:
    ms, _, sequence = id_.partition("-")
    return Refused(
        place=Place(int(ms), int(sequence), cell),
        at_ms=int(told["at"]),
        code=told["code"],
        rule=told["rule"],
        wait_ms=int(told["w"]),
        request=told["r"],
        detail=json.loads(told["d"]),
        evidence=list(json.loads(told["e"])),
        mode=told["m"],
    )


def _pairs(fields: Any) -> Iterator[tuple[str, str]]:
    """The fields of an entry, in whichever of its shapes the client gives them."""
    flat = fields if isinstance(fields, list) else chain.from_iterable(fields.items())
    words = [_text(word) for word in flat]
    return zip(words[::2], words[1::2], strict=True)


def _text(word: bytes | str) -> str:
    return word.decode() if isinstance(word, bytes) else word


def _key(cell: int) -> str:
    return refusals_key(cell_tag(cell))
