"""The demo's story, told against a stand-in that can misbehave."""

import io

import pytest
from rich.console import Console

from otp_service.demo import tell
from tests.client.stand import CODE, KEY, Stand


def told(stand: Stand) -> tuple[bool, str]:
    console = Console(file=io.StringIO(), width=100)
    with stand.client() as client:
        went_right = tell(client, console)
    assert isinstance(console.file, io.StringIO)
    return went_right, console.file.getvalue()


def test_a_good_login_is_told_to_its_end() -> None:
    """The demo tells request, message, wrong code, right code and used code, and says that all went right."""
    went_right, transcript = told(Stand())
    assert went_right
    places = [transcript.index(words) for words in ("pending", CODE, "wrong_code", "approved", "already_used")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("stand", "words"),
    [
        (Stand(forgetful=True), "valid"),
        (Stand(silent=True), "no code arrived"),
        (Stand(problem=(429, {"code": "rate_limited", "detail": "Too many."})), "rate_limited (429): Too many."),
        (
            Stand(problem=(503, {"code": "unavailable", "detail": "Redis is away."})),
            "unavailable (503): Redis is away.",
        ),
    ],
    ids=["a used code opens again", "no message", "limited", "down"],
)
def test_a_login_that_goes_wrong_is_told_so(stand: Stand, words: str) -> None:
    """The demo is false, and says where, when a used code opens again, no code comes or the service refuses."""
    stand.phone.close()  # nobody waits for a message that never comes
    went_right, transcript = told(stand)
    assert not went_right
    assert f"✗ {words}" in transcript


def test_the_transcript_never_shows_the_key() -> None:
    """The demo's transcript shows no API key, whether the login went right or wrong."""
    problem = (401, {"code": "unauthenticated", "detail": "A valid API key is needed."})
    assert not [stand for stand in (Stand(), Stand(problem=problem)) if KEY in told(stand)[1]]
