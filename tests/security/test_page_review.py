"""What a hostile review of hosted pages and of files of factors found: each hole by its name."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from otp_service import wiring
from otp_service.commands.output import show
from otp_service.settings import Settings
from tests.service.factors.conftest import STEP, FactorWorld
from tests.web.pages import Person, allow, result_of
from tests.web.test_pages_of_factors import app_code, begun, saved, uri


@pytest.fixture
def shop(settings: Settings) -> Iterator[FactorWorld]:
    """A shop whose users have factors, and whose pages may lead back to it."""
    parts = wiring.build(settings, development_server=True)
    world = FactorWorld(parts)
    allow(world)
    yield world
    parts.core.engine.dispose()


def theirs(shop: FactorWorld) -> list[str]:
    """The states of the user's apps."""
    items = shop.factors.get("/v1/users/u1/factors").json["items"]
    return sorted(each["status"] for each in items if each["type"] == "totp")


def test_a_page_sets_up_one_app_whoever_finds_its_link_later(shop: FactorWorld) -> None:
    """The link in a history, a log or a mail is worth no second app, once the page has set one up."""
    somebody, secret = begun(shop)
    shop.clock.pass_(STEP)
    saved(shop, somebody, secret)
    thief = Person(shop, somebody.path)
    assert thief.open().status_code == 410
    assert "This page has ended" in thief.text
    assert thief.send("begin").status_code == 410
    assert theirs(shop) == ["active"]
    assert result_of(shop, somebody.send("done", saved="yes"))["outcome"] == "enrolled"


def test_whom_a_thief_forestalled_is_not_told_that_all_is_well(shop: FactorWorld) -> None:
    """Of two who began on one page the second is refused: a stolen link does not go unseen."""
    somebody, secret = begun(shop)
    thief = Person(shop, somebody.path)
    thief.open()
    thief.send("begin")
    shop.clock.pass_(STEP)
    saved(shop, thief, parse_qs(urlsplit(uri(thief)).query)["secret"][0])
    assert somebody.send("confirm", code=app_code(shop, secret)).status_code == 410
    assert theirs(shop) == ["active", "unconfirmed"]
    told: dict[str, Any] = result_of(shop, somebody.send("leave"))
    assert (told["outcome"], told["reason"]) == ("ended", "late")


def test_whoever_goes_back_after_enrolling_is_not_told_as_canceled(shop: FactorWorld) -> None:
    """`canceled` says that nothing has changed, which is not so once the app counts."""
    somebody, secret = begun(shop)
    shop.clock.pass_(STEP)
    saved(shop, somebody, secret)
    again = Person(shop, somebody.path)
    again.open()
    assert result_of(shop, again.send("leave", note=""))["outcome"] == "ended"


@pytest.mark.parametrize("obeyed", ["\x1b", "\x07", "\x9b", "\r", "\x08", "\x7f", "\u202e", "\u2066"])
def test_a_name_gives_no_terminal_an_order(capsys: pytest.CaptureFixture[str], obeyed: str) -> None:
    """Users' names come from whoever signs up: what a terminal obeys in them is shown as JSON escapes it."""
    for told in ([{"label": f"ana{obeyed}]52"}], {"label": f"ana{obeyed}]52"}, {"labels": [f"ana{obeyed}]52"]}):
        show(told, as_json=False)
        show(told, as_json=True)
        lines = capsys.readouterr().out.splitlines()
        assert obeyed not in "".join(lines)
        assert json.loads(lines[-1]) == told


def test_a_name_makes_no_row_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """A line break in a name is shown as one, not obeyed: a row of a list is a line."""
    show([{"label": "ana\nfac_1  totp  active"}], as_json=False)
    assert len(capsys.readouterr().out.splitlines()) == 2
