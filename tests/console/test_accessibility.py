"""Every page of the console by the rules of WCAG 2 A and AA, as axe-core checks them, in light, in dark and narrow."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from otp_service.domain.policy import Policy
from otp_service.service.console import accounts
from otp_service.settings import Settings
from otp_service.web.console.registry import Route
from tests.console.conftest import Console
from tests.console.filled import ACTS, GETS, Form, filled
from tests.console.looks import fits
from tests.console.people import person
from tests.console.traffic import configured
from tests.servers import RedisServer, redis_server

AXE = Path(__file__).parents[2] / ".venv" / "node" / "node_modules" / "axe-core" / "axe.min.js"
RULES = "runOnly: ['wcag2a', 'wcag2aa']"
# What dark changes.
CONTRAST = "runOnly: {type: 'rule', values: ['color-contrast']}"

DRAWN = [each for each in GETS if each.title and each.role is not None and each.rule]
# Acts that draw a page of their own where all is well; where it is not, one of each page that is drawn again.
DRAWING = ("/policies/review", "/keys", "/admins", "/numbers/show", "/templates/preview", "/blocks/preview")
REFUSED = list({each.shows: each for each in ACTS if each.shows and each.role is not None}.values())
SENT = """([action, typed]) => {
    const form = Object.assign(document.createElement("form"), {method: "post", action});
    for (const [name, value] of Object.entries(typed)) {
        form.append(Object.assign(document.createElement("input"), {name, value}));
    }
    document.body.append(form);
    form.submit();
}"""


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A Redis that a test may kill."""
    with redis_server() as server:
        yield server


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a service with two providers."""
    return configured(settings, tmp_path)


class Looking:
    """Looks at one page after the other and keeps what is wrong with each."""

    def __init__(self, page: Page) -> None:
        assert AXE.exists(), "this test needs scripts/setup.sh test"
        self.page = page
        self.wrong: dict[str, list[str]] = {}

    def at(self, place: str, *, title: str = "") -> None:
        """Goes there and looks."""
        self.page.goto(place)
        self.here(place, title=title)

    def sent(self, place: str, typed: Form, *, title: str = "") -> None:
        """Sends a form from the page where one is, and looks at what is drawn."""
        csrf = self.page.locator("input[name=csrf]").first.get_attribute("value")
        with self.page.expect_navigation():
            self.page.evaluate(SENT, [place, {"csrf": csrf, **typed}])
        self.here(f"POST {place}", title=title)

    def here(self, place: str, *, title: str = "") -> None:
        """Looks at the page as it is: in light, in dark, and on a phone."""
        page = self.page
        assert title in page.title(), place
        page.evaluate(AXE.read_text())  # by the debugger: no policy of the page has to allow it
        found = broken(page, RULES)
        page.emulate_media(color_scheme="dark")
        found += [f"in dark: {each}" for each in broken(page, CONTRAST)]
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 390, "height": 844})
        found += [] if fits(page) else ["at 390 px something sticks out"]
        page.set_viewport_size({"width": 1280, "height": 900})
        if found:
            self.wrong[place] = found


def broken(page: Page, rules: str) -> list[str]:
    """What axe finds wrong, each with where."""
    found = page.evaluate(f"axe.run(document, {{{rules}, resultTypes: ['violations']}})")
    return [f"{each['id']}: {node['html'][:120]}" for each in found["violations"] for node in each["nodes"]]


def silent(console: Console) -> None:
    """Forgets that the browser complained of pages that refuse."""
    console.complaints = [each for each in console.complaints if "the server responded with a status of" not in each]


def test_every_page_is_accessible(console: Console) -> None:
    """No page that has something to show breaks a rule of WCAG 2 A or AA, nor is wider than a phone."""
    person(console, "a admin")
    everything = filled(console)
    looking = Looking(console.page("admin"))
    for route in DRAWN:
        looking.at(everything.path(route))
    assert looking.wrong == {}
    assert console.complaints == []


def test_what_has_nothing_to_show_is_accessible(console: Console) -> None:
    """Nor does a page without any data, whether of all applications or of one that is new."""
    new = console.world.application("new", Policy())
    looking = Looking(console.page("admin"))
    for route in DRAWN:
        if "<" not in route.rule and route.rule not in ("/profile/app", "/block"):
            looking.at(f"/console{route.rule}?application={new}")
    for more in ("/console/blocks?book=allows", "/console/audit?actor=nobody", "/console/policies"):
        looking.at(more)
    assert looking.wrong == {}
    assert console.complaints == []


def test_what_an_act_draws_is_accessible(console: Console) -> None:
    """Nor do a review, a new key, a link, a preview, and forms that are drawn again with what is wrong."""
    everything = filled(console)
    looking = Looking(console.page("admin"))
    looking.at("/console/help")
    for rule in DRAWING:
        route: Route = next(each for each in ACTS if each.rule == rule)
        looking.sent(everything.path(route), everything.form(route))
    for route in REFUSED:
        looking.sent(everything.path(route), {"of": console.world.shop, "application": console.world.shop})
    assert looking.wrong == {}
    silent(console)


def test_the_way_in_and_what_goes_wrong_are_accessible(console: Console, redis: RedisServer) -> None:
    """Nor do signing in, setting up an account, proving who one is, problems, and pages while Redis is away."""
    link = accounts.invite(console.world.core, "tests", "Ana", "fraud").link(console.url)
    person(console, "a admin")
    outside, unproven, inside = (
        Looking(page) for page in (console.page(None), console.page("admin", proven=False), console.page("viewer"))
    )
    outside.at("/console/sign-in", title="Sign in")
    outside.sent("/console/sign-in", {"name": "Ana", "password": "x", "code": "1"}, title="Sign in")
    outside.at(link, title="Set up")
    outside.at("/console/set-up/nobodys", title="nothing here")
    unproven.at("/console/keys")
    unproven.sent("/console/keys", {"name": "x"}, title="still you")
    inside.at("/console/admins", title="not for you")
    inside.at("/console/nowhere", title="nothing here")
    redis.kill()
    for path in ("now", "countries", "providers", "money", "limits"):
        inside.at(f"/console/{path}")
    assert outside.wrong | unproven.wrong | inside.wrong == {}
    silent(console)
