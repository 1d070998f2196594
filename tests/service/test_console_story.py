"""What somebody looks for in the console, and what they are told."""

import pytest

from otp_service.domain.errors import Refusal
from otp_service.service.console import searching, story
from otp_service.service.console.searching import Sought
from otp_service.service.console.story import Chapter, Story
from tests.couriers import running_courier
from tests.servers import wait_until
from tests.world import NUMBER, OTHER_NUMBER, World


def _told(world: World, sought: Sought) -> Story:
    return story.tell(world.core, sought)


def _sent(world: World, id_: str) -> Chapter:
    """The chapter of a verification once a provider has its message."""
    found: list[Chapter] = []

    def went_out() -> bool:
        found[:] = _told(world, Sought("verification", id_)).chapters
        return bool(found) and any("took the message" in each.text for each in found[0].moments)

    wait_until(went_out, 60)
    return found[0]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("+41 79 123 45 67", "number"),
        ("ver_abc", "verification"),
        ("msg_abc", "message"),
        ("rf_1_2_3", "reference"),
        ("203.0.113.7", "ip"),
        ("2001:db8::1", "ip"),
        ("alice@example.com", "name"),
    ],
)
def test_one_box_knows_what_is_meant(world: World, text: str, kind: str) -> None:
    """A number, an id, a reference, an address and a user are told apart by how they are written."""
    assert searching.read(world.core, text).kind == kind


def test_a_national_number_is_read_as_an_application_would(world: World) -> None:
    """A number without its country is read in the country that an application names."""
    world.policy(default_region="CH")
    assert searching.read(world.core, "079 123 45 67") == Sought("number", NUMBER)


def test_a_token_tells_nothing_and_finds_the_same(world: World) -> None:
    """What the address bar shows holds nothing of what is sought, and leads back to it; a forged one leads nowhere."""
    token = searching.token(world.core, Sought("number", NUMBER))
    assert "791234567" not in token
    assert searching.opened(world.core, token) == Sought("number", NUMBER)
    with pytest.raises(Refusal, match="search again"):
        searching.opened(world.core, token[:-4] + "AAAA")


def test_a_number_is_masked_unless_it_may_be_seen() -> None:
    """What is sought shows as a masked number, and in full only when asked so."""
    assert Sought("number", NUMBER).shown() == "+4179•••4567"
    assert Sought("number", NUMBER).shown(in_full=True) == NUMBER


def test_a_code_is_told_from_the_asking_to_the_approval(world: World) -> None:
    """A code reads in sentences and in order: asked for, taken by a provider, guessed wrong, verified."""
    with running_courier(world.parts):
        id_ = world.started()
        _sent(world, id_)
        world.api.check(world.wrong(id_), id=id_)
        world.api.check(world.code(id_), id=id_)
        wait_until(lambda: _told(world, Sought("number", NUMBER)).chapters[0].status == "approved", 60)
        (chapter,) = _told(world, Sought("number", NUMBER)).chapters
    told = [each.text for each in chapter.moments]
    expected = ["A code was asked for", "took the message", "1 of 5 guesses", "is verified"]
    places = [next(at for at, text in enumerate(told) if part in text) for part in expected]
    assert places == sorted(places)
    assert (chapter.title, chapter.tone) == ("Code for login by SMS", "good")


def test_nothing_is_told_of_others(world: World) -> None:
    """Another number has no story."""
    with running_courier(world.parts):
        _sent(world, world.started())
        assert _told(world, Sought("number", OTHER_NUMBER)).chapters == ()
