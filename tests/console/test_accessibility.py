"""Every page of the console by the rules of WCAG 2 A and AA, as axe-core checks them."""

from importlib import import_module
from pathlib import Path

import pytest
from playwright.sync_api import Page

from otp_service.service.console import accounts
from otp_service.web.console.pages import PAGES
from otp_service.web.console.registry import ROUTES
from tests.console.conftest import Console
from tests.console.people import person

AXE = Path(__file__).parents[2] / ".venv" / "node" / "node_modules" / "axe-core" / "axe.min.js"
RULES = "({runOnly: ['wcag2a', 'wcag2aa']})"

for name in PAGES:
    import_module(f"otp_service.web.console.pages.{name}")

DRAWN = [
    each.rule for each in ROUTES if each.title and "<" not in each.rule and each.rule not in ("", "/sso", "/sso/back")
]


def silent(console: Console) -> None:
    """Forgets that the browser complained of a page that refuses: some want a query, one wants a proof."""
    console.complaints = [each for each in console.complaints if "status of 40" not in each]


def broken(page: Page) -> list[str]:
    """What axe finds wrong, each with where."""
    assert AXE.exists(), "this test needs scripts/setup.sh test"
    page.evaluate(AXE.read_text())  # by the debugger: no policy of the page has to allow it
    found = page.evaluate(f"axe.run(document, {RULES})")
    return [f"{each['id']}: {node['html'][:120]}" for each in found["violations"] for node in each["nodes"]]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_is_accessible(console: Console, dark: bool) -> None:
    """No page breaks a rule of WCAG 2 A or AA, in light or in dark."""
    person(console, "a admin")
    page, wrong = console.page("admin", dark=dark), {}
    for rule in DRAWN:
        page.goto(f"/console{rule}")
        wrong[rule] = broken(page)
    silent(console)
    assert {rule: each for rule, each in wrong.items() if each} == {}


def test_the_way_in_is_accessible(console: Console) -> None:
    """Signing in, setting up an account and proving who one is break no rule either."""
    link = accounts.invite(console.world.core, "tests", "Ana", "fraud").link(console.url)
    person(console, "a admin")
    outside, inside = console.page(None), console.page("admin", proven=False)
    wrong = {}
    for place in ("/console/sign-in", link):
        outside.goto(place)
        wrong[place] = broken(outside)
    inside.goto("/console/keys")
    inside.get_by_role("button", name="Make the key").click()
    inside.get_by_role("heading", name="Is it still you?").wait_for()
    assert [*wrong.values(), broken(inside)] == [[], [], []]
    silent(console)


def test_a_narrow_page_does_not_run_over(console: Console) -> None:
    """On a phone no page is wider than the screen."""
    page, wide = console.page("admin", width=390), {}
    for rule in DRAWN:
        page.goto(f"/console{rule}")
        wide[rule] = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    silent(console)
    assert {rule: each for rule, each in wide.items() if each > 0} == {}
