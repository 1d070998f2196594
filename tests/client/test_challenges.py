"""Challenges in the client: told, solved, and the example of docs/challenges.md."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from otp_service.client import ChallengeRequired, Client, Forbidden, solve
from otp_service.client.problems import problem_of
from otp_service.domain.challenges import RANDOM_BYTES, mint, solved
from tests.client.stand import KEY, RESOURCE

GUIDE = (Path(__file__).parents[2] / "docs/challenges.md").read_text()
[EXAMPLE] = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
ENDS_S = 4_000_000_000
MADE = mint(b"key", ENDS_S, 300, b"\x09" * RANDOM_BYTES)
PROBLEM = {"code": "challenge_required", "reference": "rf_1", "challenge": {"kind": "altcha", "altcha": MADE}}


def test_a_refusal_carries_its_challenge() -> None:
    """A start that has to be solved is told as ChallengeRequired, a Forbidden, with the challenge and the reference."""
    error = problem_of(httpx.Response(403, json=PROBLEM))
    assert isinstance(error, ChallengeRequired)
    assert isinstance(error, Forbidden)
    assert (error.challenge["altcha"], error.reference) == (MADE, "rf_1")
    told = problem_of(httpx.Response(403, json={"code": "challenge_required", "challenge": "?"}))
    assert isinstance(told, ChallengeRequired)
    assert told.challenge == {}


@pytest.mark.parametrize("challenge", [MADE, PROBLEM["challenge"]])
def test_work_is_solved(challenge: Any) -> None:
    """`solve` takes the problem's challenge, and one of ALTCHA's alone."""
    assert solved([b"key"], solve(challenge), ENDS_S - 1)


@pytest.mark.parametrize(
    ("challenge", "words"),
    [
        ({"kind": "turnstile", "site_key": "x", "page": "/challenge"}, "show the person its page"),
        ({**MADE, "algorithm": "SHA-512"}, "show the person its page"),
        ({**MADE, "challenge": "0" * 64}, "no number"),
    ],
)
def test_what_no_work_solves_is_told(challenge: dict[str, Any], words: str) -> None:
    """A CAPTCHA, another algorithm and a challenge without a number are a ValueError that says what to do."""
    with pytest.raises(ValueError, match=words):
        solve(challenge)


def test_the_example_of_the_guide_does_the_work() -> None:
    """The start of the guide is repeated with the solution, once."""
    bodies: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        asked = "challenge" not in bodies[-1]
        return httpx.Response(403, json=PROBLEM) if asked else httpx.Response(201, json=RESOURCE)

    names: dict[str, Any] = {}
    exec(EXAMPLE, names)
    with Client("http://service.test", KEY, transport=httpx.MockTransport(answer)) as client:
        assert names["start"](client, "+41791234567", "203.0.113.7").id == "ver_1"
    assert [solved([b"key"], body.get("challenge", ""), ENDS_S - 1) is not None for body in bodies] == [False, True]
