"""How a page looks: whether it fits, in light and dark, on a desk and on a phone."""

from collections.abc import Callable

from playwright.sync_api import Page

from tests.console.conftest import Console

WIDTHS = (1280, 390)


def fits(page: Page) -> bool:
    """Whether nothing of the page sticks out sideways."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    return wide


def everywhere(console: Console, path: str, look: Callable[[Page], None], role: str = "admin") -> None:
    """Opens a page at each width, light and dark, and looks at it: it must be there and fit."""
    for width in WIDTHS:
        for dark in (False, True):
            page = console.page(role, width=width, dark=dark)
            page.goto(path)
            look(page)
            assert fits(page), f"at {width} px something sticks out"
            page.close()


def unlabelled(page: Page) -> list[str]:
    """What can be typed into or pressed without having a name for those who can't see it."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, main a")]
        .filter(each => !(each.labels && each.labels.length) && !each.ariaLabel && !each.textContent.trim())
        .map(each => each.outerHTML)"""
    )
    return found
