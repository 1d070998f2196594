"""What tests of hosted pages in a browser share."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium
from tests.clock import TimedWorld
from tests.factor_world import FactorWorld
from tests.web.pages import allow
from tests.web.shops import Shop, opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def shop(timed: TimedWorld, browser: Browser) -> Iterator[Shop]:
    """A shop whose codes are sent by a clock of the test's own."""
    allow(timed)
    with opened(timed, browser) as found:
        yield found


@pytest.fixture
def factors(quick: FactorWorld, browser: Browser) -> Iterator[Shop]:
    """A shop whose users have factors."""
    allow(quick)
    with opened(quick, browser) as found:
        yield found
