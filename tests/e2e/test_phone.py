"""The simulated phone on the real service: what a developer sees in a browser while calling the API."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from otp_service.client import Client, SentMessage, Verification
from tests.browser import chromium
from tests.e2e.terminal import Dev, unhurried_dev
from tests.servers import wait_until

PATIENCE_S = 60
# Keeps in the page itself that a message was seen on its way: a busy test may look up only after it has come.
NOTICES = """() => {
  const look = () => { window.noticed ||= document.querySelector(".coming:not([hidden])") !== null; };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
}"""
_numbers = count(1_230_000)


@dataclass(frozen=True)
class Desk:
    """A developer with the phone of one number open in a browser, and a client at hand."""

    page: Page
    client: Client
    number: str

    def start(self, **options: str) -> Verification:
        return self.client.start(self.number, **options)  # type: ignore[arg-type]

    def switch(self, words: str) -> None:
        """Says on the page what happens to the next message."""
        with self.page.expect_response("**/dev/phone/switch"):
            self.page.get_by_role("radio", name=words).check()

    def message(self, verification: Verification) -> SentMessage:
        """What the service says of the message."""
        return self.client.get(verification.id).messages[0]

    @property
    def bubble(self) -> Locator:
        return self.page.locator(".bubble").first

    @property
    def code(self) -> Locator:
        return self.page.locator("mark.code")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    with unhurried_dev(tmp_path_factory.mktemp("phone") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def desk(browser: Browser, service: Dev, tmp_path: Path) -> Iterator[Desk]:
    number = f"+4179{next(_numbers)}"
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"], base_url=service.url)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_S * 1000)
    expect.set_options(timeout=PATIENCE_S * 1000)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/dev/phone")
    page.get_by_label("Number").fill(number)
    page.get_by_role("button", name="Open a phone").click()
    expect(page.locator("#open-number")).to_have_value("")
    page.goto(f"/dev/phone?to={number}")
    expect(page.locator(".phone")).to_have_count(1)
    with service.client() as client:
        yield Desk(page, client, number)
    context.close()
    assert complaints == []


def test_a_code_appears_while_one_looks_on(desk: Desk) -> None:
    """A code that the API was asked for appears on the page without a reload; what Copy copies is the right one."""
    desk.page.evaluate("window.still = 'here'")

    started = desk.start()
    expect(desk.code).to_have_count(1)
    desk.page.get_by_role("button", name="Copy the code").click()
    expect(desk.page.locator("#said")).to_have_text("Code copied")
    copied = desk.page.evaluate("navigator.clipboard.readText()")

    assert desk.page.evaluate("window.still") == "here"
    assert desk.client.check(id=started.id, code=copied).valid
    expect(desk.bubble.locator(".text")).to_contain_text("is your dev code, valid for 10 min.")


def test_fail_makes_the_next_message_fail(desk: Desk) -> None:
    """With the switch on Fail the next message does not arrive: the page notes it, and the API says failed and why."""
    desk.switch("Fail")

    started = desk.start()
    expect(desk.page.locator(".note")).to_have_text("A message was refused: unreachable")
    wait_until(lambda: desk.message(started).status == "failed", PATIENCE_S)

    assert desk.message(started).reason == "unreachable"
    expect(desk.page.get_by_role("radio", name="Deliver")).to_be_checked()
    expect(desk.code).to_have_count(0)


def test_throttle_makes_the_message_come_later(desk: Desk) -> None:
    """With the switch on Throttle the message is turned away once, and sent again when its time has come."""
    desk.switch("Throttle")

    started = desk.start()
    expect(desk.page.locator(".note")).to_have_text("A message was turned away: too many, come back in 2 s")
    expect(desk.code).to_have_count(1)

    wait_until(lambda: desk.message(started).status == "accepted", PATIENCE_S)


def test_delay_shows_the_message_on_its_way(desk: Desk) -> None:
    """With the switch on Delay the page shows that a message is on its way, and then the message."""
    desk.switch("Delay")
    desk.page.evaluate(NOTICES)

    desk.start()
    expect(desk.code).to_have_count(1)
    expect(desk.page.locator(".coming")).to_be_hidden()
    assert desk.page.evaluate("window.noticed")


def test_a_reply_stays_in_the_conversation(desk: Desk) -> None:
    """What is typed into the reply box stands in the conversation, after the message that it answers."""
    desk.start()
    expect(desk.code).to_have_count(1)

    desk.page.get_by_role("textbox", name="Reply from").fill("Thank you")
    desk.page.get_by_role("button", name="Send the reply").click()

    expect(desk.page.locator(".bubble.reply .text")).to_have_text("Thank you")
    expect(desk.page.locator(".bubble")).to_have_count(2)


@pytest.mark.parametrize(
    ("locale", "words", "direction"),
    [
        ("ar", "لا تشاركه مع أحد", "rtl"),
        ("ja", "認証コードは", "ltr"),
        ("hi-IN", "मिनट तक मान्य", "ltr"),
        ("xx", "is your", "ltr"),
    ],
)
def test_a_message_is_shown_in_its_language(desk: Desk, locale: str, words: str, direction: str) -> None:
    """A message is shown in its language and direction, with the code marked; an unknown language becomes English."""
    desk.start(locale=locale)

    text = desk.bubble.locator(".text")
    expect(text).to_contain_text(words)
    expect(text).to_have_css("direction", direction)
    expect(desk.code).to_have_count(1)
    assert len(desk.code.text_content() or "") == 6
