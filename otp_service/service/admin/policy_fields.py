"""Every field of a policy as the console shows it: what it means, how it is typed, its bounds and its default."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from otp_service.domain.fraud.thresholds import Thresholds
from otp_service.domain.policy import LimitsPolicy, Policy
from otp_service.service.admin.policy_words import GROUPS, MEANINGS, meaning_of_threshold

Kind = Literal["number", "choice", "text", "list", "money", "prices"]
NOTHING = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `name` is a path such as `limits.to`, as refusals name it behind `policy.`."""

    name: str
    kind: Kind
    meaning: str
    default: Any
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    whole: bool = True  # of numbers: no fractions
    may_be_none: bool = False

    @property
    def input(self) -> str:
        """The name of its input, which is the one that refusals give it."""
        return f"policy.{self.name}"

    def value(self, policy: Policy) -> Any:
        """What it is in a policy."""
        found: Any = policy.model_dump(mode="json")
        for part in self.name.split("."):
            found = found[part]
        return found

    def written(self, value: Any) -> str:
        """A value as it is typed."""
        return _WRITTEN[self.kind](value)

    def read(self, text: str) -> Any:
        """What was typed; what can't be read goes on as it is, for the policy itself to refuse."""
        return _READ[self.kind](text.strip(), self)


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together."""

    title: str
    words: str
    fields: tuple[Field, ...]


def groups() -> list[Group]:
    """Every field there is, in groups; what a newer release adds stands in the last one."""
    named = [Group(title, words, tuple(_fields(names))) for title, words, names in GROUPS]
    told = {name for _, _, names in GROUPS for name in names} | {"limits", "thresholds", "message_limits"}
    rest = [name for name in Policy.model_fields if name not in told]
    brake = Group("Thresholds", "How the brake judges. The defaults need no tuning.", tuple(_thresholds()))
    limits = Group(
        "Limits", "How fast somebody may ask, such as 5 per 10 minutes; 20 per day. Empty: no limit.", _limits()
    )
    found = [named[0], limits, *named[1:], brake]
    return [*found, Group("Others", "", tuple(_fields(rest)))] if rest else found


def every() -> list[Field]:
    """Every field, in the order of the page."""
    return [field for group in groups() for field in group.fields]


def _limits() -> tuple[Field, ...]:
    scopes = (_field(f"limits.{name}", found) for name, found in LimitsPolicy.model_fields.items())
    return (*scopes, _field("message_limits", Policy.model_fields["message_limits"]))


def _thresholds() -> Iterator[Field]:
    for name, found in Thresholds.model_fields.items():
        yield _field(f"thresholds.{name}", found)


def _fields(names: Any) -> Iterator[Field]:
    for name in names:
        if name in Policy.model_fields:
            yield _field(name, Policy.model_fields[name])


def _field(name: str, found: FieldInfo) -> Field:
    bounds = {key: getattr(each, key) for each in found.metadata for key in ("ge", "le") if hasattr(each, key)}
    choices = _choices(found.annotation)
    return Field(
        name,
        _kind(name, found, choices),
        meaning_of_threshold(name) if name.startswith("thresholds.") else MEANINGS.get(name, ""),
        found.default.model_dump(mode="json") if hasattr(found.default, "model_dump") else found.default,
        choices,
        bounds.get("ge"),
        bounds.get("le"),
        found.annotation is not float,
        type(None) in get_args(found.annotation),
    )


def _choices(annotation: Any) -> tuple[str, ...]:
    if annotation is bool:
        return ("true", "false")
    found = get_args(annotation)
    return tuple(found) if found and all(isinstance(each, str) for each in found) else ()


def _kind(name: str, found: FieldInfo, choices: tuple[str, ...]) -> Kind:
    if choices:
        return "choice"
    if name == "price_micros":
        return "prices"
    if name.startswith("spend_"):
        return "money"
    if name in ("channels", "countries", "blocked_line_types", "step_up") or get_origin(found.annotation) is list:
        return "list"
    return "number" if found.annotation in (int, float) else "text"


def _list(text: str, _: Field) -> Any:
    return "*" if text == "*" else [each for each in text.replace(",", " ").split() if each]


def _number(text: str, field: Field) -> Any:
    try:
        return (int(text) if field.whole else float(text)) if text else None
    except ValueError:
        return text


def _money(text: str, _: Field) -> Any:
    try:
        return round(float(text.replace(",", "")) * 1_000_000) if text else None
    except (ValueError, OverflowError):
        return text


def _prices(text: str, _: Field) -> Any:
    lines = [line.replace("=", " ").split() for line in text.splitlines() if line.strip()]
    return {line[0].upper(): _price(line[1:]) for line in lines}


def _price(words: list[str]) -> Any:
    try:
        return round(float(" ".join(words)) * 1_000_000)
    except (ValueError, OverflowError):
        return "no price"


def _chosen(text: str, field: Field) -> Any:
    return text == "true" if field.choices == ("true", "false") else text


def _text(text: str, field: Field) -> Any:
    return text or (None if field.may_be_none else text)


def _dollars(micros: Any) -> str:
    return "" if micros is None else f"{micros / 1_000_000:.6f}".rstrip("0").rstrip(".")


_READ: Mapping[Kind, Callable[[str, Field], Any]] = {
    "number": _number,
    "choice": _chosen,
    "text": _text,
    "list": _list,
    "money": _money,
    "prices": _prices,
}
_WRITTEN: Mapping[Kind, Callable[[Any], str]] = {
    "number": lambda value: f"{value:g}" if isinstance(value, float) else str(value),
    "choice": lambda value: json.dumps(value) if isinstance(value, bool) else str(value),
    "text": lambda value: value or "",
    "list": lambda value: value if isinstance(value, str) else ", ".join(value),
    "money": _dollars,
    "prices": lambda value: "\n".join(f"{country} {_dollars(each)}" for country, each in sorted(value.items())),
}
