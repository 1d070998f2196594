"""The example log-in page."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from flask.testing import FlaskClient

from tests.client.stand import CODE, Stand

FILE = Path(__file__).parents[2] / "examples/login_flask/app.py"


def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("login_flask", FILE)
    assert spec
    assert spec.loader
    sys.modules["login_flask"] = importlib.util.module_from_spec(spec)  # Flask finds the templates by it
    spec.loader.exec_module(sys.modules["login_flask"])
    return sys.modules["login_flask"]


@pytest.fixture
def stand() -> Stand:
    return Stand()


@pytest.fixture
def person(stand: Stand) -> Iterator[FlaskClient]:
    with stand.client() as client, example().create_app(client).test_client() as browser:
        yield browser


def posted(person: FlaskClient, path: str, **form: str) -> str:
    return person.post(path, data=form, follow_redirects=True).text


def test_a_person_logs_in_with_the_code(person: FlaskClient) -> None:
    """A person types the number, then the code from the phone, and is welcomed; logging out forgets it."""
    assert "Type the code" in posted(person, "/code", number="+41791234567")
    assert "You are logged in as <strong>+41791234567</strong>" in posted(person, "/check", code=f" {CODE} ")
    assert "Welcome" in person.get("/").text
    assert "Mobile number" in posted(person, "/out")


def test_a_wrong_code_lets_nobody_in(person: FlaskClient) -> None:
    """A wrong code is answered with words and another try, and nobody is logged in."""
    posted(person, "/code", number="+41791234567")
    assert "That is not the code" in posted(person, "/check", code="000000")
    assert "Mobile number" in person.get("/").text


@pytest.mark.parametrize("path", ["/check", "/again"])
def test_no_code_is_checked_before_one_was_sent(person: FlaskClient, path: str) -> None:
    """Without a verification of one's own there is nothing to check or to send again."""
    assert "Mobile number" in posted(person, path, code=CODE)


def test_the_code_is_sent_again(person: FlaskClient, stand: Stand) -> None:
    """A person may ask for the code once more."""
    posted(person, "/code", number="+41791234567")
    assert "on its way again" in posted(person, "/again")
    assert len(stand.phone.messages("+41791234567")) == 2


@pytest.mark.parametrize(
    ("status", "problem", "words"),
    [
        (422, {"code": "invalid_field"}, "look at what you typed"),
        (429, {"code": "rate_limited", "retry_after_s": 42}, "wait 42 seconds"),
        (429, {"code": "spend_exhausted"}, "send a code to this number"),
        (403, {"code": "country_not_allowed"}, "send a code to this number"),
        (503, {"code": "unavailable", "detail": "Redis is away"}, "send codes right now"),
    ],
)
def test_a_refusal_is_told_in_words(
    person: FlaskClient, stand: Stand, status: int, problem: dict[str, object], words: str
) -> None:
    """What the service refuses is told to the person in words, without what went wrong inside."""
    stand.problem = (status, problem)
    page = posted(person, "/code", number="+41791234567")
    assert words in page
    assert "Redis" not in page
