"""The configuration file, `otp-service.toml`: from text to typed entries, every mistake told at once.

The environment comes in as a mapping, so that a secret stands in the file as `${NAME}` only. What a kind of provider
takes as options is its own business: `examine` asks it, so that its complaints come in the same go. So do those of the
price files that it names: `read` fetches them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from otp_service.domain.captchas import Captcha
from otp_service.domain.config_file.captchas import read_captchas
from otp_service.domain.config_file.money import Rates, read_rates
from otp_service.domain.config_file.providers import (
    SIMULATOR,
    Examine,
    ProviderEntry,
    Read,
    names_of,
    read_entry,
    repeated,
)
from otp_service.domain.config_file.references import resolve
from otp_service.domain.config_file.routes import read_rule
from otp_service.domain.config_file.sections import Document, Section, read_document
from otp_service.domain.config_file.senders import read_sender, read_sender_rules
from otp_service.domain.routes.rules import Rule
from otp_service.domain.routes.sender_rules import COUNTRIES, CountryRule
from otp_service.domain.routes.senders import Sender

__all__ = ["SIMULATOR", "ProviderEntry", "ProviderFile", "ProviderFileError", "parse_provider_file", "with_simulator"]


@dataclass(frozen=True, slots=True)
class ProviderFile:
    """All configured providers, rules and senders, in the order of the file."""

    providers: tuple[ProviderEntry, ...] = ()
    rules: tuple[Rule, ...] = ()
    senders: tuple[Sender, ...] = ()
    country_rules: Mapping[str, CountryRule] = field(default_factory=lambda: COUNTRIES, repr=False)
    captchas: Mapping[str, Captcha] = field(default_factory=dict)

    @property
    def live(self) -> tuple[ProviderEntry, ...]:
        """Those that get real messages; without one a production service is not ready."""
        return tuple(entry for entry in self.providers if entry.enabled and not entry.test_only)


class ProviderFileError(ValueError):
    """The file can't be used; `problems` has one line for each mistake: where, which field, what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def _nothing_wrong(kind: str, options: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    return ()


def _no_files(path: str) -> str:
    raise FileNotFoundError(2, "No such file or directory")


def parse_provider_file(
    text: str,
    environment: Mapping[str, str],
    examine: Examine = _nothing_wrong,
    *,
    source: str = "otp-service.toml",
    read: Read = _no_files,
) -> ProviderFile:
    """What `text` configures; ProviderFileError lists every mistake with its place."""
    document = read_document(text, source)
    problems = list(document.problems)
    rates = _rates(document, problems)
    found = ProviderFile(
        _providers(document.lists["providers"], environment, examine, read, rates, problems),
        _rules(document, rates, problems),
        _senders(document, environment, problems),
        _sender_rules(document, source, problems),
        _captchas(document, environment, problems),
    )
    if problems:
        raise ProviderFileError(problems)
    return found


def with_simulator(file: ProviderFile, *, development: bool) -> ProviderFile:
    """The same providers with a simulator among them, since messages of test keys go nowhere else.

    A simulator gets real messages in development only, and there only if the file names it or names nothing at all.
    """
    entries = file.providers
    if not any(entry.kind == SIMULATOR for entry in entries):
        entries = (*entries, ProviderEntry(SIMULATOR, SIMULATOR, test_only=bool(entries)))
    if not development:
        entries = tuple(replace(entry, test_only=True) if entry.kind == SIMULATOR else entry for entry in entries)
    return replace(file, providers=entries)


def _rates(document: Document, problems: list[str]) -> Rates:
    section = document.tables.get("currencies")
    if section is None:
        return read_rates({"dated": "1970-01-01"})[0]
    rates, mistakes = read_rates(section.table)
    problems += section.told(mistakes)
    return rates


def _providers(
    sections: Sequence[Section],
    environment: Mapping[str, str],
    examine: Examine,
    read: Read,
    rates: Rates,
    problems: list[str],
) -> tuple[ProviderEntry, ...]:
    entries = []
    for section in sections:
        table, mistakes = resolve(section.table, environment)
        entry, mistakes = read_entry(table, mistakes, examine, read, rates)
        entries.append(entry)
        problems += section.told(mistakes)
    problems += repeated(entries, [section.place for section in sections])
    return tuple(entries)


def _rules(document: Document, rates: Rates, problems: list[str]) -> tuple[Rule, ...]:
    known = _known(document)
    rules: list[Rule] = []
    for number, section in enumerate(document.lists["routes"], 1):
        rule, mistakes = read_rule(section.table, number, known, rates)
        if rule.name in [other.name for other in rules]:
            mistakes.append(("name", "there is one of this name already; choose another"))
        rules.append(rule)
        problems += section.told(mistakes)
    return tuple(rules)


def _senders(document: Document, environment: Mapping[str, str], problems: list[str]) -> tuple[Sender, ...]:
    known = _known(document)
    senders = []
    for section in document.lists["senders"]:
        table, mistakes = resolve(section.table, environment)
        if not mistakes:
            sender, mistakes = read_sender(table, known)
            senders.append(sender)
        problems += section.told(mistakes)
    return tuple(senders)


def _sender_rules(document: Document, source: str, problems: list[str]) -> Mapping[str, CountryRule]:
    section = document.tables.get("sender_rules")
    if section is None:
        return COUNTRIES
    rules, mistakes = read_sender_rules(section.table, source)
    problems += section.told(mistakes)
    return rules


def _captchas(document: Document, environment: Mapping[str, str], problems: list[str]) -> Mapping[str, Captcha]:
    section = document.tables.get("captchas")
    if section is None:
        return {}
    captchas: Mapping[str, Captcha] = {}
    table, mistakes = resolve(section.table, environment)
    if not mistakes:
        captchas, mistakes = read_captchas(table)
    problems += section.told(mistakes)
    return captchas


def _known(document: Document) -> frozenset[str]:
    """Whom rules and senders may name."""
    return names_of(section.table for section in document.lists["providers"]) | {SIMULATOR}
