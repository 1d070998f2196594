"""Placeholders such as `{to}` in the configuration of a gateway, filled with a message's values.

Values go into strings before anything is encoded, in one pass: no text can break out of its place, or bring
placeholders along.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from otp_service.domain.messages import Message

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")

Values = Mapping[str, str | int | None]

OF_MESSAGE: Mapping[str, Callable[[Message], str | int | None]] = {
    "to": lambda message: message.to,
    "to_digits": lambda message: message.to.removeprefix("+"),
    "text": lambda message: message.text,
    "sender": lambda message: message.sender,
    "id": lambda message: message.id,
    "country": lambda message: message.country,
    "segments": lambda message: message.segments,
    "encoding": lambda message: message.encoding,
    "valid_for_s": lambda message: message.valid_for_s,
    "receipts_url": lambda message: message.receipts_url,
}
# What a header may hold: nothing that a person or an application wrote, so no line break and no letter beyond ASCII.
IN_HEADERS = frozenset({"to", "to_digits", "id", "country", "segments", "encoding", "valid_for_s"})


class _Missing:
    """Stands for a field whose only value is absent: it is left out."""


MISSING = _Missing()


def values_of(message: Message) -> dict[str, str | int | None]:
    """Each placeholder's value for this message."""
    return {name: value(message) for name, value in OF_MESSAGE.items()}


def names_in(template: Any) -> Iterator[str]:
    """The names of all placeholders in a template, however deep."""
    match template:
        case str():
            yield from PLACEHOLDER.findall(template)
        case dict():
            for inner in template.values():
                yield from names_in(inner)
        case list():
            for inner in template:
                yield from names_in(inner)


def filled_text(template: str, values: Values) -> str:
    """A string with its placeholders filled; what is absent becomes empty."""
    return PLACEHOLDER.sub(lambda found: _text(values[found[1]]), template)


def filled(template: Any, values: Values) -> Any:
    """A JSON value with its placeholders filled.

    A string that is one placeholder and nothing else keeps the value's type, so `"{segments}"` is a number; if the
    value is absent, the field is left out.
    """
    match template:
        case str():
            return _alone(template, values)
        case dict():
            inner = {key: filled(value, values) for key, value in template.items()}
            return {key: value for key, value in inner.items() if value is not MISSING}
        case list():
            return [value for value in (filled(item, values) for item in template) if value is not MISSING]
        case _:
            return template


def _alone(template: str, values: Values) -> Any:
    whole = PLACEHOLDER.fullmatch(template)
    if whole is None:
        return filled_text(template, values)
    value = values[whole[1]]
    return MISSING if value is None else value


def _text(value: str | int | None) -> str:
    return "" if value is None else str(value)
