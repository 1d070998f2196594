"""The configuration file of the providers, `otp-service.toml`: from text to typed entries, every mistake told at once.

The environment comes in as a mapping, so that a secret stands in the file as `${NAME}` only. What a kind of provider
takes as options is its own business: `examine` asks it, so that its complaints come in the same go.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import phonenumbers

from otp_service.domain.references import resolve

SIMULATOR = "simulator"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}\Z")
HEADER = re.compile(r"^[ \t]*\[\[[ \t]*providers[ \t]*\]\]", re.MULTILINE)
DEFAULT_PRIORITY = 100
MAX_PRIORITY = 1000
COMMON = ("name", "kind", "priority", "countries")

# kind and options -> (field, what is wrong and what to do) of each mistake; a value never stands in it.
Examine = Callable[[str, Mapping[str, Any]], Iterable[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class ProviderEntry:
    """One configured provider; `options` holds what its kind takes, secrets included, and is never shown."""

    name: str
    kind: str
    priority: int = DEFAULT_PRIORITY  # lower comes first
    countries: frozenset[str] | None = None  # ISO 3166 alpha-2; None: every country
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    test_only: bool = False  # gets the messages of test keys and no others


@dataclass(frozen=True, slots=True)
class ProviderFile:
    """All configured providers in the order of the file."""

    providers: tuple[ProviderEntry, ...] = ()

    @property
    def live(self) -> tuple[ProviderEntry, ...]:
        """Those that get real messages; without one a production service is not ready."""
        return tuple(entry for entry in self.providers if not entry.test_only)


class ProviderFileError(ValueError):
    """The file can't be used; `problems` has one line for each mistake: where, which field, what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def _nothing_wrong(kind: str, options: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    return ()


def parse_provider_file(
    text: str,
    environment: Mapping[str, str],
    examine: Examine = _nothing_wrong,
    *,
    source: str = "otp-service.toml",
) -> ProviderFile:
    """The providers that `text` configures; ProviderFileError lists every mistake with its place."""
    tables, problems = _tables(text, source)
    places = _places(text, source, tables)
    entries = []
    for place, table in zip(places, tables, strict=True):
        entry, mistakes = _entry(table, environment, examine)
        entries.append(entry)
        problems += [f"{place}: {where}: {what}" for where, what in mistakes]
    problems += _repeated(entries, places)
    if problems:
        raise ProviderFileError(problems)
    return ProviderFile(tuple(entries))


def with_simulator(file: ProviderFile, *, development: bool) -> ProviderFile:
    """The same providers with a simulator among them, since messages of test keys go nowhere else.

    A simulator gets real messages in development only, and there only if the file names it or names nothing at all.
    """
    entries = file.providers
    if not any(entry.kind == SIMULATOR for entry in entries):
        entries = (*entries, ProviderEntry(SIMULATOR, SIMULATOR, test_only=bool(entries)))
    if not development:
        entries = tuple(replace(entry, test_only=True) if entry.kind == SIMULATOR else entry for entry in entries)
    return ProviderFile(entries)


def _tables(text: str, source: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The provider tables and what is wrong with the file around them."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [], [f"{source}: this is not TOML: {error}"]
    problems = [
        f"{source}: {key}: unknown key; only [[providers]] is known here" for key in document if key != "providers"
    ]
    tables = document.get("providers", [])
    if not (isinstance(tables, list) and all(isinstance(table, dict) for table in tables)):
        return [], [*problems, f"{source}: providers: begin each provider with a line [[providers]]"]
    return tables, problems


def _places(text: str, source: str, tables: Sequence[Mapping[str, Any]]) -> list[str]:
    """Where each table begins, for people: file, line and name."""
    lines = [text.count("\n", 0, header.start()) + 1 for header in HEADER.finditer(text)]
    known = len(lines) == len(tables)  # not so if the text of a string looks like a header, or for inline tables
    return [
        f"{source}{f' line {lines[index]}' if known else ''}, provider {_called(table, index)}"
        for index, table in enumerate(tables)
    ]


def _called(table: Mapping[str, Any], index: int) -> str:
    name = table.get("name")
    return repr(name) if isinstance(name, str) and NAME.match(name) else f"number {index + 1}"


def _entry(
    table: Mapping[str, Any], environment: Mapping[str, str], examine: Examine
) -> tuple[ProviderEntry, list[tuple[str, str]]]:
    """One table as an entry, and its mistakes as (field, what to do)."""
    table, mistakes = resolve(table, environment)
    mistakes += [(key, complaint) for key in COMMON if (complaint := CHECKS[key](table.get(key)))]
    options = {key: value for key, value in table.items() if key not in COMMON}
    if isinstance(table.get("kind"), str):
        mistakes += _unreported(examine(table["kind"], options), mistakes)
    if mistakes:
        return ProviderEntry(str(table.get("name")), ""), mistakes
    return _typed(table, options), []


def _typed(table: Mapping[str, Any], options: Mapping[str, Any]) -> ProviderEntry:
    countries = table.get("countries")
    return ProviderEntry(
        name=table["name"],
        kind=table["kind"],
        priority=table.get("priority", DEFAULT_PRIORITY),
        countries=None if countries is None else frozenset(countries),
        options=options,
    )


def _unreported(found: Iterable[tuple[str, str]], known: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """A field whose secret is missing is told once, not again for its look."""
    told = {where for where, _ in known}
    return [(where, what) for where, what in found if where not in told]


def _repeated(entries: Sequence[ProviderEntry], places: Sequence[str]) -> list[str]:
    seen: dict[str, str] = {}
    problems = []
    for entry, place in zip(entries, places, strict=True):
        if entry.kind and entry.name in seen:
            problems.append(f"{place}: name: there is one of this name already ({seen[entry.name]}); choose another")
        seen.setdefault(entry.name, place)
        if entry.kind and entry.name == SIMULATOR != entry.kind:
            problems.append(f"{place}: name: {SIMULATOR!r} is kept for the simulator; choose another")
    return problems


def _check_name(value: object) -> str | None:
    if isinstance(value, str) and NAME.match(value):
        return None
    return "give each provider a name of 1 to 32 lower-case letters, digits, - or _"


def _check_kind(value: object) -> str | None:
    return None if isinstance(value, str) and value else 'say what it is, for instance kind = "twilio"'


def _check_priority(value: object) -> str | None:
    if value is None or (type(value) is int and 0 <= value <= MAX_PRIORITY):
        return None
    return f"must be a whole number from 0 to {MAX_PRIORITY}; lower comes first"


def _check_countries(value: object) -> str | None:
    if value is None:
        return None
    if not (isinstance(value, list) and value and all(isinstance(country, str) for country in value)):
        return 'must be a list such as ["CH", "LI"]; leave it out for every country'
    unknown = [country for country in value if country not in phonenumbers.SUPPORTED_REGIONS]
    return f"unknown country {unknown[0][:8]!r}; use ISO 3166 codes such as CH" if unknown else None


CHECKS: Mapping[str, Callable[[object], str | None]] = {
    "name": _check_name,
    "kind": _check_kind,
    "priority": _check_priority,
    "countries": _check_countries,
}
