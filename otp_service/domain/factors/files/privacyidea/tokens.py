"""privacyIDEA's tokens one by one: the JSON inside a `pi` export, and YAML.

YAML is read as events, one token at a time: no tags, no references, and no nesting that could hurt a parser.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml
from cryptography.fernet import Fernet, InvalidToken

from otp_service.domain.factors.files import values
from otp_service.domain.factors.files.privacyidea.owners import Owners, parted
from otp_service.domain.factors.files.rows import Asked, BadFile, BadValue, Entry, LeftOut, Row, row, texts

Token = Mapping[str, Any]
DEEPEST = 8
MOST_VALUES = 2000  # in one token
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ON, _OFF = ("true", "1"), ("false", "0")


def read_encrypted(whole: bytes, asked: Asked) -> Iterator[Row]:
    """The tokens of a `pi` export, under the key that was told when it was made; a row is counted by its place."""
    try:
        found = json.loads(Fernet(asked.passphrase.strip()).decrypt(whole.strip()))
    except InvalidToken:
        raise BadFile("the key does not open this file: it is another one, or the file is damaged") from None
    except (ValueError, RecursionError):
        raise BadFile("the key must be the one that pi-tokenjanitor told: 44 characters of base64") from None
    if not isinstance(found, list):
        raise BadFile("this export holds no list of tokens")
    owners = Owners(asked)
    for number, token in enumerate(found, 1):
        yield row(number, lambda token=token: _entry(owners, token))  # type: ignore[misc]


def read(lines: Iterable[bytes], asked: Asked) -> Iterator[Row]:
    """The tokens of a YAML export."""
    owners = Owners(asked)
    for number, token in _tokens(lines):
        yield row(number, lambda token=token: _entry(owners, token))  # type: ignore[misc]


def _entry(owners: Owners, token: object) -> Entry | LeftOut:
    if not isinstance(token, dict):
        raise BadValue("this is no token of privacyIDEA")
    if reason := _left_out(token):
        return LeftOut(reason)
    info = token.get("info_list") or {}
    if not isinstance(info, dict):
        raise BadValue("info_list must be a mapping")
    type = values.type_of(_text(token, "type"))
    period = values.period_s(_text(info, "timeStep")) if type == "totp" else None
    return Entry(
        values.named("the user", owners.user(_whose(token))),
        type,
        values.either(_text(token, "otpkey")),
        values.algorithm(_text(info, "hashlib")),
        values.digits(_text(token, "otplen")),
        period,
        values.counter(_text(token, "count") or _text(token, "counter")) if type == "hotp" else 0,
        drift=values.drift(_seconds(_text(info, "timeShift")), period) if period else 0,
    )


def _left_out(token: Token) -> str | None:
    """Why a token is none that this service would take over; one that is off there must not be on here."""
    if _text(token, "type").lower() not in ("totp", "hotp"):
        return "of another type"
    if _text(token, "active").lower() in _OFF or any(
        _text(token, name).lower() in _ON for name in ("revoked", "locked")
    ):
        return "disabled, revoked or locked"
    if _text(token, "rollout_state") not in ("", "enrolled"):
        return "not yet enrolled"
    return None


def _whose(token: Token) -> dict[str, str]:
    user = token.get("user")
    named = {name: _text(user, name) for name in ("login", "realm")} if isinstance(user, dict) else {}
    told = named or parted(_text(token, "owner"))
    return {**told, "serial": _text(token, "serial"), "description": _text(token, "description")}


def _text(token: Token, name: str) -> str:
    value = token.get(name)
    if isinstance(value, dict | list):
        raise BadValue("a value is a list where text belongs")
    return "" if value is None or value == "null" else str(value).strip()


def _seconds(text: str) -> float:
    try:
        found = float(text or 0)
    except ValueError:
        raise BadValue("timeShift must be a number of seconds") from None
    if not math.isfinite(found):
        raise BadValue("timeShift must be a number of seconds")
    return found


def _tokens(lines: Iterable[bytes]) -> Iterator[tuple[int, object]]:
    """The members of the list that a YAML file is, with the line on which each begins."""
    events = _events(lines)
    for event in events:
        if isinstance(event, yaml.SequenceStartEvent):
            break
        if not isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
            raise BadFile("this YAML is no list of tokens")
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent):
            return
        yield event.start_mark.line + 1, _value(event, events, _Room())


def _events(lines: Iterable[bytes]) -> Iterator[Any]:
    source = _Source(text for _, text in texts(lines))
    try:
        yield from yaml.parse(source, _LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise BadFile("this is not YAML: copy the file whole", mark.line + 1 if mark else None) from None


class _Source:
    """Lines as a file to read from."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def read(self, size: int = -1, /) -> str:
        return next(self._lines, "")


class _Room:
    """How much one token may hold."""

    def __init__(self) -> None:
        self.left = MOST_VALUES


def _value(event: Any, events: Iterator[Any], room: _Room, depth: int = 0) -> object:
    room.left -= 1
    if depth > DEEPEST or room.left < 0:
        raise BadFile("a token holds more than tokens do", event.start_mark.line + 1)
    match event:
        case yaml.ScalarEvent():
            return None if event.style is None and event.value in ("", "null", "~") else event.value
        case yaml.SequenceStartEvent():
            return list(_members(events, room, depth, yaml.SequenceEndEvent))
        case yaml.MappingStartEvent():
            said = list(_members(events, room, depth, yaml.MappingEndEvent))
            return {str(name): value for name, value in zip(said[::2], said[1::2], strict=True)}
    raise BadFile("a reference has no place in an export of tokens", event.start_mark.line + 1)


def _members(events: Iterator[Any], room: _Room, depth: int, end: type) -> Iterator[object]:
    for event in events:
        if isinstance(event, end):
            return
        yield _value(event, events, room, depth + 1)
