"""The page of the simulated phone in a real browser."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from otp_service.domain.templates.template import BUILT_IN, render
from otp_service.web.dev import Phone, blueprint
from otp_service.web.dev.bubbles import Incoming, Next
from tests.browser import PATIENCE_MS
from tests.servers import at_work

ANA = "+41791234567"
# The button says so for a second and a half, in which nobody may look.
REMEMBERING = """() => {
  const button = document.querySelector("#copy-curl");
  window.words = [];
  new MutationObserver(() => words.push(button.textContent)).observe(button, { childList: true });
}"""


class Silent(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def phone() -> Iterator[Phone]:
    phone = Phone(delay_s=0.4)
    yield phone
    phone.close()


@pytest.fixture
def url(phone: Phone) -> Iterator[str]:
    app = Flask(__name__)
    app.register_blueprint(blueprint(phone))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    with at_work(server):
        yield f"http://127.0.0.1:{server.server_port}"
        phone.close()


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"], base_url=url)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/dev/phone")
    yield page
    context.close()
    assert complaints == []


def receive(phone: Phone, text: str, to: str = ANA, id_: str = "msg_1") -> None:
    phone.receive(Incoming(id=id_, to=to, text=text, sender="Acme", segments=2, encoding="ucs2"))


def test_the_empty_page_shows_how_to_send_a_first_code(page: Page, url: str) -> None:
    """Before the first message the page shows the command that sends one, with this service's address."""
    expect(page.locator("#curl")).to_contain_text(f"curl -X POST {url}/v1/verifications")
    page.evaluate(REMEMBERING)
    page.locator("#copy-curl").click()
    expect(page.locator("#said")).to_have_text("Command copied")
    page.wait_for_function("words.includes('Copied')")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#curl").text_content()


def test_a_message_appears_without_a_reload(page: Page, phone: Phone) -> None:
    """A message appears by itself, in a live region, with its sender, segments and encoding."""
    expect(page.locator("#live")).to_have_text("live")
    receive(phone, "Your code is 123456.")
    bubble = page.get_by_role("log", name="Messages to +41 79 123 45 67").locator(".bubble")
    expect(bubble.locator(".text")).to_have_text("Your code is 123456.")
    expect(bubble.locator(".sender")).to_have_text("Acme")
    expect(bubble.locator(".meta")).to_contain_text("2 segments")
    expect(bubble.locator(".badge")).to_have_text("UCS-2")
    expect(page.locator("#empty")).to_be_hidden()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your Acme code is 483920. Valid for 10 minutes.", "483920"),
        ("Acme: 77120411 confirms 100000.00 CHF to Shop 24.", "77120411"),
        ("HELLO from Acme. KRTWX\n@login.acme.example #KRTWX", "KRTWX"),
        ("रमज़ 630117। 10 मिनट", "630117"),
        ("Your code is K7RT2WX, and NEVER tell it", "K7RT2WX"),
    ],
)
def test_the_code_is_marked_and_copied(page: Page, phone: Phone, text: str, code: str) -> None:
    """The code of a message is marked, and its button copies the code alone."""
    receive(phone, text)
    expect(page.locator("mark.code")).to_have_text(code)
    page.get_by_role("button", name=f"Copy the code {code}").click()
    expect(page.locator("#said")).to_have_text("Code copied")
    assert page.evaluate("navigator.clipboard.readText()") == code


def test_the_code_is_marked_in_every_template(page: Page, phone: Phone) -> None:
    """The code is marked in every built-in template of every language."""
    values = {"app": "Acme", "minutes": "10", "amount": "1250.00 CHF", "payee": "Shop"}
    for number, template in enumerate(BUILT_IN.values()):
        receive(phone, render(template, {**values, "code": f"4029{number:02}"}), id_=f"msg_{number}")
    expect(page.locator("mark.code")).to_have_text([f"4029{number:02}" for number in range(len(BUILT_IN))])


def test_text_is_never_markup(page: Page, phone: Phone) -> None:
    """What a message says is shown letter by letter, never run as markup."""
    receive(phone, "<img src=x onerror=alert(1)> & <b>123456</b>")
    expect(page.locator(".text")).to_have_text("<img src=x onerror=alert(1)> & <b>123456</b>")
    expect(page.locator(".talk img, .talk b")).to_have_count(0)


def test_the_switch_of_the_page_holds_for_the_next_message(page: Page, phone: Phone) -> None:
    """Fail, chosen by keyboard, refuses the next message with a note, and the switch is back at deliver."""
    receive(phone, "Your code is 123456.")
    page.get_by_role("radio", name="Deliver").focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".means")).to_contain_text("can't be reached")
    receive(phone, "never seen", id_="msg_2")
    expect(page.locator(".note")).to_contain_text("unreachable")
    expect(page.get_by_role("radio", name="Deliver")).to_be_checked()


def test_a_delayed_message_is_seen_coming(page: Page, phone: Phone) -> None:
    """A delayed message arrives by itself while the page looks on."""
    phone.switch(ANA, Next.DELAY)
    receive(phone, "Your code is 123456.")
    expect(page.locator("mark.code")).to_have_text("123456")
    expect(page.locator(".coming")).to_be_hidden()


def test_a_reply_stays_on_the_phone(page: Page, phone: Phone) -> None:
    """A reply is shown in its conversation and the page says that it stays there."""
    receive(phone, "Your code is 123456.")
    page.get_by_role("textbox", name="Reply from +41 79 123 45 67").fill("Thanks!")
    page.keyboard.press("Enter")
    expect(page.locator(".bubble.reply")).to_contain_text("stays on this phone for now")
    assert phone.table().screens[0].bubbles[-1].text == "Thanks!"


def test_phones_lie_side_by_side(page: Page, phone: Phone) -> None:
    """Every number has a phone of its own, and an address with a number shows that phone alone."""
    receive(phone, "Your code is 123456.")
    receive(phone, "Your code is 654321.", to="+41797654321", id_="msg_2")
    expect(page.locator(".phone")).to_have_count(2)
    page.goto("/dev/phone?to=+41797654321")
    expect(page.locator("mark.code")).to_have_text("654321")
    expect(page.locator(".phone")).to_have_count(1)


def test_a_phone_is_opened_before_its_first_message(page: Page) -> None:
    """A number typed at the top gets its phone before a message came, and the command on the page sends to it."""
    page.get_by_label("Number").fill("+41 79 123 45 67")
    page.get_by_role("button", name="Open a phone").click()
    expect(page.get_by_role("heading", name="+41 79 123 45 67")).to_be_visible()
    expect(page.locator("#curl")).to_contain_text(ANA)
