"""What callers may ask, strictly typed."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from otp_service.domain.requests import CheckRequest, StartRequest

NOT_A_CODE: list[Any] = [
    *(True, False, None, "", [], ["123456"], 0, 123456, 123456.0, {"$ne": 1}, {}),
    *("１２３４５６", " 123456", "123456 ", "123 456", "123456\n", "12345é", "1234", "12345678901", "ABCDE0"),
    *("ABCDEI", "\u0000123456", "123456\u0000", "-12345", "1e5000", "0x1234", "٠١٢٣٤٥"),
]


def start(**fields: Any) -> StartRequest:
    return StartRequest.model_validate_json(json.dumps({"to": "+41791234567", **fields}))


def check(**fields: Any) -> CheckRequest:
    return CheckRequest.model_validate_json(json.dumps({"to": "+41791234567", "code": "123456", **fields}))


@pytest.mark.parametrize("code", NOT_A_CODE, ids=repr)
def test_only_a_string_that_some_alphabet_spells_is_a_code(code: Any) -> None:
    """No type is taken for another, no symbol for its look-alike, and no space is forgiven."""
    with pytest.raises(ValidationError):
        check(code=code)


@pytest.mark.parametrize(("code", "read"), [("012345", "012345"), ("abcdef", "ABCDEF"), ("aB2c3D", "AB2C3D")])
def test_lower_case_is_raised(code: str, read: str) -> None:
    """Letters may be typed in lower case; digits stay as they are."""
    assert check(code=code).code == read


@pytest.mark.parametrize("to", [True, None, 41791234567, [], ["+41791234567"], {}, "", "+4", "+" + "1" * 40])
def test_only_a_string_is_a_number(to: Any) -> None:
    """A number that lost its type, or is absurdly long, is refused."""
    with pytest.raises(ValidationError):
        start(to=to)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("purpose", ("Login", "a b", "", "a" * 33, "ü", "login\n", 1, None)),
        ("channel", ("voice", "", "SMS", 1, None)),
        ("locale", ("", "e", "english-language", "de--CH", "en\n", "../en", 1)),
        ("template", ("", "A", "a/b", "a" * 33, 1)),
        ("variables", ({"1a": "x"}, {"a": 1}, {"a": "x" * 41}, {"a": None}, [], "x", {"a b": "x"})),
        ("binding", ({"a": ""}, {"a": 1}, {"a": "x" * 41}, {f"a{n}": "x" for n in range(9)}, [])),
        ("user", ("", "u" * 129, 1, [])),
        ("client", ([], None, {"ip": 1}, {"ip": "x"}, {"ip": "1.2.3.4.5"}, {"device_id": ""}, {"more": 1})),
        ("metadata", ({"a": 1}, {"": "x"}, {"a": "x" * 201}, {"a": "\u0000"}, {f"a{n}": "x" for n in range(21)})),
        ("code", ("", "1234", 123456)),
        ("unknown", ("x",)),
    ],
)
def test_every_field_has_its_type_and_bounds(field: str, values: tuple[Any, ...]) -> None:
    """A start with a field that is malformed or unknown is refused."""
    for value in values:
        with pytest.raises(ValidationError):
            start(**{field: value})


def test_only_the_number_is_required() -> None:
    """Purpose, channel and locale have defaults."""
    request = start()
    assert (request.purpose, request.channel, request.locale) == ("login", "sms", "en")


@pytest.mark.parametrize("fields", [{"id": "ver_x"}, {"to": None}, {"to": None, "id": None}])
def test_a_check_names_its_verification_one_way(fields: dict[str, Any]) -> None:
    """Either the number or the id, never both and never neither."""
    with pytest.raises(ValidationError, match="either to or id"):
        check(**fields)


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "1", '"x"', '{"to": NaN}', '{"to": "\\ud800"}', "\ufeff{}"])
def test_what_is_no_object_is_refused(body: str) -> None:
    """Broken JSON, lone surrogates and other values than objects end here."""
    with pytest.raises(ValidationError):
        StartRequest.model_validate_json(body)
