"""What is said of a text that has not the shape that its field wants."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

import otp_service
from otp_service.domain.factors.requests import ConfirmRequest
from otp_service.domain.shapes import WORDS, complaint


def patterns(schema: Any) -> Iterator[str]:
    """Every pattern in a JSON schema: of values, and of names."""
    if isinstance(schema, dict):
        yield from [schema["pattern"]] if isinstance(schema.get("pattern"), str) else []
        yield from schema.get("patternProperties", ())
    for each in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from patterns(each)


def models(of: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    """Every model of the service."""
    for each in of.__subclasses__():
        yield from models(each)
        if each.__module__.startswith("otp_service.") and "[" not in each.__name__:
            yield each


def test_every_shape_has_words() -> None:
    """No field of a request, a query or a form answers with a regular expression."""
    for module in pkgutil.walk_packages(otp_service.__path__, "otp_service."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    asked = [each for each in models() if ".web." in each.__module__ or ".domain." in each.__module__]
    assert {found for each in asked for found in patterns(each.model_json_schema())} == set(WORDS)


@pytest.mark.parametrize("code", ["12 34 56", "１２３４５６"])
def test_a_shape_is_told_in_words(code: str) -> None:
    """Whoever sends digits with spaces, or of another script, is told what a code is."""
    with pytest.raises(ValidationError) as told:
        ConfirmRequest.model_validate({"code": code})
    error: Any = told.value.errors()[0]
    assert complaint(error) == "String should be 6 to 8 digits from 0 to 9, without spaces"
