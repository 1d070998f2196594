"""Where codes go: countries, operators' prefixes in them, and blocks of ten thousand numbers, with their figures."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from otp_service.domain.countries import country_name
from otp_service.domain.errors import Refusal
from otp_service.domain.fraud.scopes import prefix_of_block
from otp_service.ledger.dashboards import counting
from otp_service.ledger.dashboards.counting import Dimension, Span, Tally
from otp_service.service.admin.opening import looking
from otp_service.service.admin.quarantines import Quarantine, quarantines
from otp_service.service.console import now
from otp_service.service.console.now import SHADOW, Watch
from otp_service.service.console.spans import Range
from otp_service.service.core import Core, now_ms

Kind = Literal["country", "prefix", "block"]
MOST = 200  # rows of a table; who wants more asks by country


@dataclass(frozen=True, slots=True)
class Place:
    """One country, prefix or block and what became of its codes; `refused` is None while Redis is away."""

    kind: Kind
    value: str  # ISO 3166, or digits with their plus
    name: str
    tally: Tally
    refused: int | None
    blocked: bool
    quarantines: Sequence[Quarantine] = ()


def countries(core: Core, watch: Watch, over: Range, application: str | None = None) -> list[Place]:
    """Every country of this time; Refusal unavailable while SQL is down."""
    tallies = _counted(core, watch, over, "country", over.span(application))
    refused = _refused(core, watch, over, application)
    held = _held(core)
    blocked = _blocked(core, "country")
    return [
        Place(
            "country",
            country,
            country_name(country) or "unknown",
            tallies.get(country, Tally()),
            refused[country] if refused is not None else None,
            country in blocked,
            [each for each in held if each.country == country],
        )
        for country in {*tallies, *(refused or ())}
    ]


def prefixes(core: Core, watch: Watch, over: Range, country: str, application: str | None = None) -> list[Place]:
    """The operators' prefixes of a country, from what is known of its blocks."""
    of_blocks = _counted(core, watch, over, "block", over.span(application, country=country))
    return _places(core, watch, over, "prefix", _by(of_blocks, prefix_of_block), prefix_of_block)


def blocks(
    core: Core, watch: Watch, over: Range, country: str, prefix: str, application: str | None = None
) -> list[Place]:
    """The blocks of ten thousand numbers under a prefix."""
    of_blocks = _counted(core, watch, over, "block", over.span(application, country=country))
    under = {block: tally for block, tally in of_blocks.items() if prefix_of_block(block) == prefix}
    return _places(core, watch, over, "block", under, lambda block: block)


def tally_of(core: Core, watch: Watch, over: Range, kind: str, value: str) -> Tally:
    """What became of the codes to a country or a prefix."""
    if kind == "country":
        return _counted(core, watch, over, "country", over.span()).get(value, Tally())
    country = country_of(value)
    of_blocks = _counted(core, watch, over, "block", over.span(country=country or None))
    return sum((tally for block, tally in of_blocks.items() if block.startswith(value)), Tally())


def country_of(prefix: str) -> str:
    """The country whose numbers begin so; empty where it takes more digits to tell."""
    if not prefix[1:].isdecimal():
        return ""
    code = next((int(prefix[1:end]) for end in (2, 3, 4) if int(prefix[1:end] or 0) in COUNTRY_CODE_TO_REGION_CODE), 0)
    regions = COUNTRY_CODE_TO_REGION_CODE.get(code, ())
    return regions[0] if len(regions) == 1 else ""


def _places(
    core: Core,
    watch: Watch,
    over: Range,
    kind: Kind,
    tallies: Mapping[str, Tally],
    name: Callable[[str], str],
) -> list[Place]:
    refused: Counter[str] = Counter()
    for block, count in watch.refusals.of_blocks(over.span().from_ms).items():
        refused[name(block)] += count
    held, blocked = _held(core), _blocked(core, "prefix")
    return [
        Place(
            kind,
            value,
            value or "unknown",
            tally,
            refused[value],
            _is_under(value, blocked),
            [each for each in held if each.prefix == value],
        )
        for value, tally in tallies.items()
    ]


def _counted(core: Core, watch: Watch, over: Range, by: Dimension, span: Span) -> dict[str, Tally]:
    def ask() -> dict[str, Tally]:
        with looking(core) as connection:
            return {key[0]: tally for key, tally in counting.counted(connection, span, (by,)).items()}

    return watch.kept.get((by, over.name, span.application, span.country), over.fresh_s, ask)


def _refused(core: Core, watch: Watch, over: Range, application: str | None) -> Counter[str] | None:
    """How many were refused by country, of those that the log still holds."""
    try:
        now.refused(core, watch, over, application)
    except Refusal:
        return None
    found: Counter[str] = Counter()
    for (_, owner, country, mode), count in watch.refusals.count(over.span().from_ms).items():
        if mode != SHADOW and application in (None, owner):
            found[country] += count
    return found


def _held(core: Core) -> Sequence[Quarantine]:
    try:
        return quarantines(core)
    except Refusal:
        return ()


def _blocked(core: Core, kind: str) -> set[str]:
    """What is blocked now for every application."""
    rooms, now_ = core.snapshot().blocked.owners.get(None, {}), now_ms()
    return {
        str(value) for room, found in rooms.items() if room.kind == kind for value, end in found.items() if end > now_
    }


def _is_under(value: str, blocked: Iterable[str]) -> bool:
    digits = value.lstrip("+")
    return any(digits.startswith(each) for each in blocked)


def _by(tallies: Mapping[str, Tally], name: Callable[[str], str]) -> dict[str, Tally]:
    folded = counting.folded(((name(block),), tally) for block, tally in tallies.items())
    return {key[0]: tally for key, tally in folded.items()}
