"""openapi.yaml as something that answers can be held against."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]
from referencing import Registry
from referencing.jsonschema import DRAFT202012

PATH = Path(__file__).parents[2] / "openapi.yaml"
METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
BASE = "urn:openapi"
READERS: dict[str, Callable[[str], Any]] = {"json": json.loads, "yaml": yaml.safe_load}
Json = Any
Pointer = tuple[str, ...]


class Mismatch(AssertionError):
    """An answer that openapi.yaml does not allow."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, as openapi.yaml spells it."""

    method: str
    template: str

    @property
    def pointer(self) -> Pointer:
        return ("paths", self.template, self.method.lower())


@cache
def document() -> Json:
    """The whole of openapi.yaml."""
    return yaml.safe_load(PATH.read_text(encoding="utf-8"))


def at(pointer: Pointer) -> Json:
    """What stands there, or None."""
    node = document()
    for step in pointer:
        node = node[int(step)] if isinstance(node, list) else node.get(step)
        if node is None:
            return None
    return node


def resolve(pointer: Pointer) -> Pointer:
    """Where a node really stands: references are followed until there is none."""
    node = at(pointer)
    while isinstance(node, dict) and "$ref" in node:
        pointer = tuple(_unescaped(step) for step in node["$ref"].removeprefix("#/").split("/"))
        node = at(pointer)
    return pointer


def operations() -> Iterator[Operation]:
    """Every operation."""
    for template, item in document()["paths"].items():
        for method in METHODS:
            if method in item:
                yield Operation(method.upper(), template)


def routes_in_spec() -> set[tuple[str, str]]:
    """Every operation as (method, path template), for instance `("GET", "/v1/verifications/{id}")`."""
    return {(operation.method, operation.template) for operation in operations()}


def problems() -> dict[str, tuple[int, str]]:
    """The table of refusals: code -> (status, title)."""
    return {row["code"]: (row["status"], row["title"]) for row in document()["x-problems"]}


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    # Literal paths before those with a parameter in the same place: /check is not an id.
    templates = sorted(document()["paths"], key=lambda template: template.count("{"))
    return [(re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(t)) + r"\Z"), t) for t in templates]


def find_operation(method: str, path: str) -> Operation | None:
    """The operation that answers this request, or None if openapi.yaml has none."""
    known = routes_in_spec()
    wanted = "GET" if method == "HEAD" else method
    matching = (template for pattern, template in _patterns() if pattern.match(path))
    return next((Operation(wanted, template) for template in matching if (wanted, template) in known), None)


def validate_response(method: str, path: str, status: int, headers: Mapping[str, str], body: bytes | str) -> None:
    """Holds one answer against openapi.yaml; Mismatch says all that is wrong with it.

    Where openapi.yaml has no such operation the answer must be the problem not_found or method_not_allowed. What a
    framework answers to OPTIONS by itself is not looked at.
    """
    if method == "OPTIONS":
        return
    path = path.partition("?")[0]
    operation = find_operation(method, path)
    faults = _faults(operation, status, Headers(headers), None if method == "HEAD" else body)
    if faults:
        raise Mismatch(f"{method} {path} -> {status}: " + "; ".join(faults))


class Headers(dict[str, str]):
    """Headers whose names have no case."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in headers.items()})


def _faults(operation: Operation | None, status: int, headers: Headers, body: bytes | str | None) -> list[str]:
    # A method that a path doesn't know is refused before any operation is found.
    if operation is None or status == 405:
        return _stray_faults(status, headers, body)
    declared = (*operation.pointer, "responses", str(status))
    if at(declared) is None:
        return [f"{operation.method} {operation.template} does not declare this status"]
    response = resolve(declared)
    return [*_header_faults(response, headers), *_content_faults(response, headers, body)]


def _stray_faults(status: int, headers: Headers, body: bytes | str | None) -> list[str]:
    if status not in (404, 405):
        return ["openapi.yaml has no such operation, so the answer must be 404 or 405"]
    faults = [] if status == 404 or "allow" in headers else ["header Allow is missing"]
    if media_type(headers) != "application/problem+json":
        return [*faults, f"content type {media_type(headers)!r} is not application/problem+json"]
    faults += body_faults(("components", "schemas", "Problem"), "application/problem+json", body)
    return [*faults, *_header_faults(("components", "responses", "NotFound"), headers)]


def _header_faults(response: Pointer, headers: Headers) -> Iterator[str]:
    for name in at(response).get("headers", {}):
        pointer = resolve((*response, "headers", name))
        given = headers.get(name.lower())
        if given is not None:
            for fault in schema_faults((*pointer, "schema"), _typed(pointer, given)):
                yield f"header {name} {fault}"
        elif at(pointer).get("required"):
            yield f"header {name} is missing"


def _typed(header: Pointer, text: str) -> Json:
    is_integer = at(header)["schema"].get("type") == "integer"
    return int(text) if is_integer and text.isascii() and text.isdigit() else text


def _content_faults(response: Pointer, headers: Headers, body: bytes | str | None) -> Iterator[str]:
    content = at(response).get("content", {})
    if not content:
        if body:
            yield "there must be no body"
    elif media_type(headers) not in content:
        yield f"content type {media_type(headers)!r} is not one of {', '.join(content)}"
    else:
        kind = media_type(headers)
        yield from body_faults((*response, "content", kind, "schema"), kind, body)


def media_type(headers: Mapping[str, str]) -> str:
    """The content type without its parameters; empty if there is none."""
    message = Message()
    message["Content-Type"] = headers.get("content-type", "")
    return message.get_content_type() if headers.get("content-type") else ""


def body_faults(schema: Pointer, kind: str, body: bytes | str | None) -> list[str]:
    """What is wrong with a body of this media type; None means that there was none to look at (HEAD)."""
    if body is None:
        return []
    try:
        text = body.decode() if isinstance(body, bytes) else body
        value = READERS.get(kind.rpartition("/")[2].rpartition("+")[2], str)(text)
    except (ValueError, yaml.YAMLError) as error:
        return [f"the body can't be read as {kind}: {error}"]
    return schema_faults(schema, value)


def schema_faults(schema: Pointer, value: Json) -> list[str]:
    """What is wrong with a value, each with its place; values are told, so this is for tests only."""
    errors = sorted(validator(schema).iter_errors(value), key=lambda error: error.json_path)
    return [f"{error.json_path}: {error.message}" for error in errors]


@lru_cache(maxsize=1024)
def validator(schema: Pointer) -> Draft202012Validator:
    """The validator (JSON Schema 2020-12, formats checked) of the schema that stands there."""
    reference = f"{BASE}#/" + "/".join(map(_escaped, schema))
    return Draft202012Validator({"$ref": reference}, registry=_registry(), format_checker=FormatChecker())


@cache
def _registry() -> Registry[Any]:
    registry: Registry[Any] = Registry().with_resource(BASE, DRAFT202012.create_resource(document()))
    return registry


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1").replace("%", "%25").replace("{", "%7B").replace("}", "%7D")


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~").replace("%7B", "{").replace("%7D", "}")
