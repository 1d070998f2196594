"""References to the environment in a configuration: `${NAME}` in any string, however deep."""

import re
from collections.abc import Mapping
from typing import Any

REFERENCE = re.compile(r"\$\{([^}]*)\}?")
NAME = re.compile(r"[A-Z][A-Z0-9_]*\Z")

Mistake = tuple[str, str]  # field, what is wrong and what to do


def resolve(table: Mapping[str, Any], environment: Mapping[str, str]) -> tuple[dict[str, Any], list[Mistake]]:
    """A copy of the table with its references filled in, and a mistake for each that can't be."""
    mistakes: list[Mistake] = []
    filled = {key: _filled(value, str(key), environment, mistakes) for key, value in table.items()}
    return filled, mistakes


def _filled(value: Any, where: str, environment: Mapping[str, str], mistakes: list[Mistake]) -> Any:
    match value:
        case str():
            return _text(value, where, environment, mistakes)
        case dict():
            return {key: _filled(inner, f"{where}.{key}", environment, mistakes) for key, inner in value.items()}
        case list():
            return [_filled(inner, f"{where}.{index}", environment, mistakes) for index, inner in enumerate(value)]
        case _:
            return value


def _text(text: str, where: str, environment: Mapping[str, str], mistakes: list[Mistake]) -> str:
    def fill(reference: re.Match[str]) -> str:
        name = reference[1]
        if not (NAME.match(name) and reference[0].endswith("}")):
            mistakes.append((where, "write a reference to the environment as ${NAME}, in capitals"))
        elif not environment.get(name):
            mistakes.append((where, f"the environment has no {name}; set it, or take the reference out"))
        return environment.get(name, "")

    # One pass: what a secret holds is never looked into again.
    return REFERENCE.sub(fill, text)
