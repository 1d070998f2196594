"""The examples of docs/client.md."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.client.stand import CODE, KEY, Stand

GUIDE = (Path(__file__).parents[2] / "docs/client.md").read_text()
LOG_IN, CALL, TEST = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


def defined() -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(LOG_IN, names)
    return names


@pytest.mark.parametrize(("typed", "logged_in"), [([CODE], True), (["000000", CODE], True), (["000000"] * 5, False)])
def test_the_log_in_of_the_guide_works(typed: list[str], logged_in: bool) -> None:
    """The guide's log-in lets in who types the code in the end, and nobody once the verification has ended."""
    guesses = iter(typed)
    with Stand().client() as client:
        assert defined()["log_in"](client, "+41791234567", lambda _: next(guesses)) is logged_in


def test_the_log_in_of_the_guide_tells_to_wait() -> None:
    """The guide's log-in tells a person who asks too often how long to wait."""
    said: list[str] = []
    stand = Stand(problem=(429, {"code": "rate_limited", "retry_after_s": 42}))
    with stand.client() as client:
        assert defined()["log_in"](client, "+41791234567", said.append) is False
    assert said == ["Please wait 42 seconds."]


def test_the_guide_calls_what_it_defines() -> None:
    """The guide's call makes a client and hands it to the log-in above."""
    asked: list[tuple[Any, ...]] = []
    names = defined() | {"api_key": KEY, "log_in": lambda *given: asked.append(given)}
    exec(CALL, names)
    assert asked[0][1:] == ("+41791234567", input)


def test_the_test_of_the_guide_passes() -> None:
    """The guide's own test, which reads the simulated phone, passes."""
    with Stand().client() as client:
        exec(TEST, {"client": client})
