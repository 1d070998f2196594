"""`[[providers]]`: what all of them have in common; the rest is the business of their kind."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from otp_service.domain.config_file import checks
from otp_service.domain.config_file.checks import Check
from otp_service.domain.config_file.money import Rates
from otp_service.domain.config_file.price_files import read_prices
from otp_service.domain.config_file.sections import NAME, Mistake
from otp_service.domain.routes.price_tables import UNPRICED, PriceTable
from otp_service.domain.routes.rules import DEFAULT_PRIORITY, DEFAULT_WEIGHT

SIMULATOR = "simulator"

# kind and options -> (field, what is wrong and what to do) of each mistake; a value never stands in it.
Examine = Callable[[str, Mapping[str, Any]], Iterable[Mistake]]
Read = Callable[[str], str]  # a path as the file names it -> what it holds; OSError or ValueError if it can't be read


@dataclass(frozen=True, slots=True)
class ProviderEntry:
    """One configured provider; `options` holds what its kind takes, secrets included, and is never shown."""

    name: str
    kind: str
    priority: int = DEFAULT_PRIORITY  # lower comes first
    countries: frozenset[str] | None = None  # ISO 3166 alpha-2; None: every country
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    test_only: bool = False  # gets the messages of test keys and no others
    weight: int = DEFAULT_WEIGHT  # its share among equals of priority
    max_per_s: float | None = None
    enabled: bool = True
    prices: PriceTable = field(default=UNPRICED, repr=False)


def _name(value: object) -> str | None:
    return "give each provider a name of 1 to 32 lower-case letters, digits, - or _" if checks.name(value) else None


def _kind(value: object) -> str | None:
    return None if isinstance(value, str) and value else 'say what it is, for instance kind = "twilio"'


def _optional(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


CHECKS: Mapping[str, Check] = {
    "name": _name,
    "kind": _kind,
    "priority": _optional(checks.priority),
    "countries": _optional(checks.countries),
    "weight": _optional(checks.weight),
    "max_per_s": _optional(checks.per_s),
    "enabled": _optional(checks.flag),
    "prices": _optional(checks.text),
}


def read_entry(
    table: Mapping[str, Any], mistakes: list[Mistake], examine: Examine, read: Read, rates: Rates
) -> tuple[ProviderEntry, list[Mistake]]:
    """One table as an entry and its mistakes, those found before among them."""
    mistakes = mistakes + [(key, complaint) for key, check in CHECKS.items() if (complaint := check(table.get(key)))]
    options = {key: value for key, value in table.items() if key not in CHECKS}
    if isinstance(table.get("kind"), str):
        mistakes += _unreported(examine(table["kind"], options), mistakes)
    prices, wrong = _prices(table, read, rates)
    mistakes += wrong
    if mistakes:
        return ProviderEntry(str(table.get("name")), ""), mistakes
    return _typed(table, options, prices), []


def _typed(table: Mapping[str, Any], options: Mapping[str, Any], prices: PriceTable) -> ProviderEntry:
    countries = table.get("countries")
    return ProviderEntry(
        name=table["name"],
        kind=table["kind"],
        priority=table.get("priority", DEFAULT_PRIORITY),
        countries=None if countries is None else frozenset(countries),
        options=options,
        weight=table.get("weight", DEFAULT_WEIGHT),
        max_per_s=table.get("max_per_s"),
        enabled=table.get("enabled", True),
        prices=prices,
    )


def _prices(table: Mapping[str, Any], read: Read, rates: Rates) -> tuple[PriceTable, list[Mistake]]:
    path = table.get("prices")
    if not isinstance(path, str) or not path.strip():
        return UNPRICED, []
    try:
        content = read(path)
    except OSError as error:
        return UNPRICED, [("prices", f"the file can't be read: {error.strerror or type(error).__name__}")]
    except ValueError:
        return UNPRICED, [("prices", "the file is not text in UTF-8")]
    prices, wrong = read_prices(content, rates)
    return prices, [("prices", what) for what in wrong]


def _unreported(found: Iterable[Mistake], known: Sequence[Mistake]) -> list[Mistake]:
    """A field whose secret is missing is told once, not again for its look."""
    told = {where for where, _ in known}
    return [(where, what) for where, what in found if where not in told]


def repeated(entries: Sequence[ProviderEntry], places: Sequence[str]) -> list[str]:
    """Names that are used twice, or that are not theirs to use."""
    seen: dict[str, str] = {}
    problems = []
    for entry, place in zip(entries, places, strict=True):
        if entry.kind and entry.name in seen:
            problems.append(f"{place}: name: there is one of this name already ({seen[entry.name]}); choose another")
        seen.setdefault(entry.name, place)
        if entry.kind and entry.name == SIMULATOR != entry.kind:
            problems.append(f"{place}: name: {SIMULATOR!r} is kept for the simulator; choose another")
    return problems


def names_of(tables: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The names that the providers give themselves, right or wrong, so that a mistake is told once."""
    return frozenset(name for table in tables if isinstance(name := table.get("name"), str) and NAME.match(name))
