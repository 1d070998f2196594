"""openapi.yaml is right in itself, and says what the code says."""

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from otp_service.domain.apikeys import SCOPES
from otp_service.domain.errors import PROBLEMS
from otp_service.domain.messages import RANKS, REASONS
from otp_service.domain.policy import LINE_TYPES, LimitsPolicy, Policy
from tests.contract.spec import at, document, operations, problems, resolve, schema_faults

BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "pattern", "enum", "const", "minItems", "maxItems")
Place = tuple[str, ...]
SCHEMAS = ("components", "schemas")
OPERATIONS = sorted(operations(), key=lambda operation: (operation.template, operation.method))
IDS = [f"{operation.method} {operation.template}" for operation in OPERATIONS]
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=IDS)


def test_it_is_valid_openapi_3_1():
    """openapi.yaml is valid OpenAPI 3.1."""
    assert document()["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(document()).iter_errors()] == []


def test_the_table_of_refusals_is_the_one_in_the_code():
    """Every refusal has the same code, status and title in openapi.yaml as in the service."""
    assert problems() == PROBLEMS
    assert at((*SCHEMAS, "ProblemCode"))["enum"] == list(PROBLEMS)


@pytest.mark.parametrize("name", sorted(name for name in document()["components"]["responses"]))
def test_a_refusal_is_listed_under_its_own_status(name):
    """A problem response in openapi.yaml names only codes of its own status, and that status."""
    schema = at(("components", "responses", name)).get("content", {}).get("application/problem+json", {}).get("schema")
    if schema is not None:
        narrowed = schema["allOf"][1]["properties"]
        assert {PROBLEMS[code][0] for code in narrowed["code"]["enum"]} == {narrowed["status"]["const"]}


def test_the_policy_is_the_one_in_the_code():
    """The policy in openapi.yaml has the service's fields, in its order, with the same defaults and bounds."""
    model = Policy.model_json_schema()
    told = at((*SCHEMAS, "Policy"))["properties"]
    assert list(told) == list(model["properties"])
    for name, field in model["properties"].items():
        assert (name, bounds(told[name], at(SCHEMAS))) == (name, bounds(field, model["$defs"]))
        assert (name, told[name]["default"]) == (name, field["default"])
    assert at((*SCHEMAS, "PolicyChange"))["properties"].keys() == model["properties"].keys()
    assert at((*SCHEMAS, "WholePolicy"))["allOf"][1]["required"] == list(model["properties"])


def test_the_limits_of_a_policy_are_those_in_the_code():
    """The limits of a policy in openapi.yaml have the service's scopes and defaults."""
    told = at((*SCHEMAS, "PolicyLimits"))["properties"]
    model = LimitsPolicy.model_json_schema()["properties"]
    assert {name: field["default"] for name, field in told.items()} == {n: f["default"] for n, f in model.items()}


def test_the_lists_of_words_are_those_in_the_code():
    """Line types, scopes, message statuses and reasons in openapi.yaml are the service's own."""
    message = at((*SCHEMAS, "VerificationMessage"))["properties"]
    assert at((*SCHEMAS, "Policy"))["properties"]["blocked_line_types"]["items"]["enum"] == list(LINE_TYPES)
    assert at((*SCHEMAS, "Scope"))["enum"] == list(SCOPES)
    assert set(message["status"]["enum"]) == set(RANKS)
    assert set(message["reason"]["enum"]) == REASONS | {None}


@each_operation
def test_an_operation_is_described(operation):
    """Every operation has a name, a summary and a description."""
    node = at(operation.pointer)
    assert node["operationId"]
    assert node["summary"]
    assert node["description"]


@each_operation
def test_every_answer_names_its_request(operation):
    """Every answer of every operation has X-Request-Id."""
    for status in at((*operation.pointer, "responses")):
        response = at(resolve((*operation.pointer, "responses", status)))
        assert "X-Request-Id" in response["headers"], status


@each_operation
def test_a_guarded_operation_refuses_strangers(operation):
    """An operation that needs a key lists 401 and 403; every operation lists 500."""
    node = at(operation.pointer)
    needed = {"500"} | ({"401", "403"} if node["security"] else set())
    assert needed <= set(node["responses"])


@each_operation
def test_a_body_has_an_example_and_is_closed(operation):
    """Every JSON body that is sent has an example; outside the callbacks and the phone no unknown field is let in."""
    node = at(operation.pointer)
    for kind, body in node.get("requestBody", {}).get("content", {}).items():
        assert {"example", "examples"} & set(body), kind
        if kind == "application/json" and "/v1/" in operation.template and "callbacks" not in operation.template:
            place = (*operation.pointer, "requestBody", "content", kind, "schema")
            either = [(*place, "anyOf", str(n)) for n, _ in enumerate(at(place).get("anyOf", ()))]
            assert not any(at(resolve(one))["additionalProperties"] for one in either or [place])


def test_every_example_fits_its_schema():
    """Every example in openapi.yaml validates against the schema beside it."""
    found = list(examples(()))
    assert len(found) > 100
    assert [(place, faults) for place, schema, value in found if (faults := schema_faults(schema, value))] == []


def examples(place: Place) -> Iterator[tuple[Place, Place, Any]]:
    """Every example below a place: where it stands, where its schema stands, and the example."""
    node = at(place) if place else document()
    steps = enumerate(node) if isinstance(node, list) else node.items() if isinstance(node, dict) else ()
    if isinstance(node, dict):
        yield from _examples_here(place, node)
    for step, inner in steps:
        if step not in ("example", "examples", "default", "const", "enum") and isinstance(inner, dict | list):
            yield from examples((*place, str(step)))


def _examples_here(place: Place, node: dict[str, Any]) -> Iterator[tuple[Place, Place, Any]]:
    schema = (*place, "schema")
    if "schema" in node and "example" in node:
        yield place, schema, node["example"]
    if "schema" in node and isinstance(node.get("examples"), dict):
        for name in node["examples"]:
            pointer = resolve((*place, "examples", name))
            yield pointer, schema, at(pointer)["value"]
    if "schema" not in node and isinstance(node.get("examples"), list):
        for example in node["examples"]:
            yield place, place, example


def bounds(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """What a schema allows, however it spells it: with null as one of two types or as one of two branches."""
    reference = field.get("$ref")
    field = definitions[reference.rpartition("/")[2]] if reference else field
    found: dict[str, Any] = {"types": set()}
    for branch in field.get("anyOf", [field]):
        kind = branch.get("type", [])
        found["types"] |= {kind} if isinstance(kind, str) else set(kind)
        found |= {name: branch[name] for name in BOUNDS if name in branch}
    return found
