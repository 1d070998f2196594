"""The tables of the configuration file, and where each begins."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}\Z")
LISTS = {"providers": "provider", "routes": "route", "senders": "sender"}  # its header -> one of them
TABLES = ("currencies", "sender_rules", "captchas")
KNOWN = "[[providers]], [[routes]], [[senders]], [currencies], [sender_rules.XX] and [captchas.XX]"

Mistake = tuple[str, str]  # field, what is wrong and what to do


@dataclass(frozen=True, slots=True)
class Section:
    """One table and where it stands, for people."""

    place: str
    table: Mapping[str, Any]

    def told(self, mistakes: Sequence[Mistake]) -> list[str]:
        """The mistakes with their place."""
        return [f"{self.place}: {where}: {what}" for where, what in mistakes]


@dataclass(frozen=True, slots=True)
class Document:
    """A file as its tables; `problems` is what is wrong around them."""

    lists: Mapping[str, Sequence[Section]]
    tables: Mapping[str, Section]
    problems: Sequence[str]


def read_document(text: str, source: str) -> Document:
    """The tables of a file, whatever they hold."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Document(dict.fromkeys(LISTS, ()), {}, [f"{source}: this is not TOML: {error}"])
    problems = [
        f"{source}: {key}: unknown key; only {KNOWN} are known here"
        for key in found
        if key not in LISTS and key not in TABLES
    ]
    lists: dict[str, list[Section]] = {}
    for key, one in LISTS.items():
        tables = found.get(key, [])
        if not (isinstance(tables, list) and all(isinstance(table, dict) for table in tables)):
            problems.append(f"{source}: {key}: begin each {one} with a line [[{key}]]")
            tables = []
        lists[key] = _placed(text, source, key, one, tables)
    tables = {key: _table(text, source, key, found[key], problems) for key in TABLES if key in found}
    return Document(lists, tables, problems)


def _placed(text: str, source: str, key: str, one: str, tables: list[dict[str, Any]]) -> list[Section]:
    lines = _lines(text, rf"\[\[[ \t]*{key}[ \t]*\]\]")
    known = len(lines) == len(tables)  # not so if the text of a string looks like a header, or for inline tables
    return [
        Section(f"{source}{f' line {lines[index]}' if known else ''}, {one} {_called(table, index)}", table)
        for index, table in enumerate(tables)
    ]


def _table(text: str, source: str, key: str, value: Any, problems: list[str]) -> Section:
    lines = _lines(text, rf"\[[ \t]*{key}[ \t]*[\].]")
    place = f"{source}{f' line {lines[0]}' if lines else ''}, {key}"
    if isinstance(value, dict):
        return Section(place, value)
    problems.append(f"{source}: {key}: begin it with a line [{key}{'.XX' * (key != 'currencies')}]")
    return Section(place, {})


def _lines(text: str, header: str) -> list[int]:
    found = re.finditer(rf"^[ \t]*{header}", text, re.MULTILINE)
    return [text.count("\n", 0, each.start()) + 1 for each in found]


def _called(table: Mapping[str, Any], index: int) -> str:
    name = table.get("name")
    return repr(name) if isinstance(name, str) and NAME.match(name) else f"number {index + 1}"
