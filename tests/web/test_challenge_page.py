"""The page that solves challenges, and its solver, in a real browser."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, Response
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from otp_service.domain.captchas import Captcha
from otp_service.domain.challenges import RANDOM_BYTES, mint, solved
from otp_service.domain.keys import b64
from otp_service.domain.templates.template import BUILT_IN
from tests.browser import PATIENCE_MS
from tests.servers import at_work
from tests.world import World

KEY = b"of the tests"
ENDLESS = 2**31 - 1  # numbers to try, which takes longer than any test
FAR_S = 4_000_000_000
NOW_S = FAR_S - 100
CAPTCHAS = {
    "turnstile": Captcha("turnstile", "0x4AAAAAAAB", "s3cret", ("localhost",)),
    "hcaptcha": Captcha("hcaptcha", "10000000-ffff", "s3cret", ("localhost",)),
    "recaptcha": Captcha("recaptcha", "6Lc_v2", "s3cret", ("localhost",)),
}
SCORED = Captcha("recaptcha", "6Lc_v3", "s3cret", ("localhost",), least_score=0.5)
# What the vendors' scripts do, in short: a box is drawn into the page, and the token comes later.
VENDORS_SCRIPT = """
const render = (box, told) => {
  const button = document.createElement("button");
  button.textContent = `I am no robot (${told.sitekey})`;
  button.onclick = () => told.callback(`token of ${told.sitekey}`);
  box.append(button);
};
window.turnstile = { render };
window.hcaptcha = { render };
window.grecaptcha = {
  ready: (then) => setTimeout(then),
  render,
  execute: async (key, { action }) => `token of ${key} for ${action}`,
};
"""


class Silent(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def serving(app: Flask) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    with at_work(server):
        yield server.server_port


@pytest.fixture
def url(world: World) -> Iterator[str]:
    """The service over HTTP; its pages are of this origin."""
    with serving(world.app) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """A page that has nothing to complain of at the end."""
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    context = browser.new_context(base_url=url, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def made(most: int = 3000, ends_s: int = FAR_S) -> dict[str, Any]:
    return mint(KEY, ends_s, most, b"\x05" * RANDOM_BYTES)


def fragment(challenge: Any) -> str:
    return b64(json.dumps(challenge).encode())


def is_solution(payload: str) -> bool:
    return solved([KEY], payload, NOW_S) is not None


@contextmanager
def product(world: World, text: str, policy: str = "") -> Iterator[str]:
    """A page of a product, of an origin of its own."""
    app = Flask(__name__)
    headers = {"Content-Security-Policy": policy} if policy else {}
    app.add_url_rule("/", view_func=lambda: Response(text, headers=headers, content_type="text/html"))
    with serving(app) as port:
        yield f"http://localhost:{port}"


def test_the_page_solves_and_shows_the_solution(page: Page) -> None:
    """Opened by its link, the page solves the challenge by itself, says so, and lets the solution be copied."""
    page.goto(f"/challenge#{fragment(made())}")
    expect(page.get_by_role("status")).to_have_text("Done.")
    solution = page.get_by_label("The solution").input_value()
    assert is_solution(solution)
    assert json.loads(base64.b64decode(solution))["took"] >= 0
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == solution
    expect(page.get_by_role("progressbar")).to_be_hidden()


def test_the_page_shows_how_far_it_is(page: Page) -> None:
    """While it works the page tells so in words and as a progress bar that has a name."""
    page.goto(f"/challenge#{fragment({**made(ENDLESS), 'challenge': '0' * 64})}")
    expect(page.get_by_role("status")).to_have_text("Your device is doing a short calculation.")
    expect(page.get_by_role("progressbar", name="Your device is doing")).to_be_visible()
    page.wait_for_function("document.querySelector('#share').value > 0")


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("", "no challenge in this link"),
        ("#!", "no challenge in this link"),
        ("#" + fragment(None), "no challenge in this link"),
        ("#" + fragment({"salt": 1}), "no challenge in this link"),
        ("#" + fragment({**made(), "algorithm": "MD5"}), "can't be done here"),
        ("#" + fragment({**made(10), "challenge": "0" * 64}), "can't be done here"),
        ("#" + fragment(made(ends_s=1_600_000_000)), "took too long"),
    ],
)
def test_what_can_not_be_solved_is_told(page: Page, link: str, words: str) -> None:
    """A link without a challenge, one that is no work, and one that has ended say what to do."""
    page.goto(f"/challenge{link}")
    expect(page.get_by_role("status")).to_contain_text(words)
    expect(page.get_by_role("button")).to_have_count(0)


EMBEDDING = """<!doctype html><title>Shop</title><link rel="icon" href="data:,">
<script>
window.heard = [];
onmessage = ({{ origin, data }}) => heard.push([origin, data.from, data.status, data.solution]);
</script>
<iframe src="{src}" width="320" height="160"></iframe>"""


def embedded(page: Page, world: World, url: str, origin: str | None = None, query: str = "", hash_: str = "") -> Any:
    """What the page of a product that embeds this one has heard once it is told of an end."""
    app = Flask(__name__)
    with serving(app) as port:
        own = f"http://localhost:{port}"
        src = f"{url}/challenge?origin={origin or own}{query}#{hash_}"
        app.add_url_rule("/", view_func=lambda: EMBEDDING.format(src=src))
        page.goto(own)
        yield page.frame_locator("iframe")
        yield page.evaluate("heard")


def test_a_frame_hands_the_solution_to_the_page_around_it(page: Page, world: World, url: str) -> None:
    """In a frame the page tells the declared origin that it works, and then the solution; it shows none itself."""
    story = embedded(page, world, url, hash_=fragment(made()))
    frame = next(story)
    expect(frame.get_by_role("status")).to_have_text("Done.")
    expect(frame.get_by_label("The solution")).to_be_hidden()
    page.wait_for_function("heard.length === 2")
    (_, _, working, _), (origin, sender, status, solution) = next(story)
    assert (origin, sender, working, status) == (url, "otp-challenge", "working", "solved")
    assert is_solution(solution)


def test_a_page_of_another_origin_can_not_embed_it(browser: Browser, world: World, url: str) -> None:
    """A page that is not of the declared origin gets neither the frame nor the solution."""
    page = browser.new_context().new_page()
    story = embedded(page, world, url, origin="https://shop.example", hash_=fragment(made()))
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        frame = next(story)
    expect(frame.locator("main")).to_have_count(0)
    assert next(story) == []
    page.context.close()


IMPORTING = """<!doctype html><title>Shop</title><script type="module">
import {{ solve }} from "{url}/challenge/solver.js";
window.progress = [];
window.solution = solve({challenge}, {{ progress: (share) => progress.push(share) }});
window.stopped = solve({endless}, {{ signal: AbortSignal.timeout(300) }}).catch((error) => error.name);
window.wrong = solve({{}}).catch((error) => error.name);
window.imported = true;
</script>"""


@pytest.mark.parametrize(
    "policy",
    ["", "script-src 'unsafe-inline' {url}; worker-src blob:", "script-src 'unsafe-inline' {url}; worker-src 'none'"],
    ids=["without a policy", "workers from blobs", "no workers"],
)
def test_a_product_imports_the_solver(browser: Browser, world: World, url: str, policy: str) -> None:
    """A page of another origin solves with `solver.js`, hears its progress and can stop it, with workers or without."""
    endless = json.dumps({**made(ENDLESS), "challenge": "0" * 64})
    text = IMPORTING.format(url=url, challenge=json.dumps({"altcha": made()}), endless=endless)
    with product(world, text, policy.format(url=url)) as own:
        page = browser.new_context().new_page()
        page.goto(own)
        page.wait_for_function("window.imported")
        assert is_solution(page.evaluate("solution"))
        assert page.evaluate("progress.at(-1)") == 1
        assert page.evaluate("progress.every((share) => share >= 0 && share <= 1)")
        assert page.evaluate("stopped") == "TimeoutError"
        assert page.evaluate("wrong") == "Unsolvable"
        page.context.close()


def configured(world: World, **captchas: Captcha) -> None:
    file = world.core.provider_file
    object.__setattr__(world.core, "provider_file", replace(file, captchas={**CAPTCHAS, **captchas}))


def vendors(page: Page, loads: list[str]) -> None:
    def answer(route: Route) -> None:
        loads.append(route.request.url)
        route.fulfill(body=VENDORS_SCRIPT, content_type="text/javascript")

    page.route(lambda link: not link.startswith("http://127.0.0.1") and not link.startswith("http://localhost"), answer)


@pytest.mark.parametrize(
    ("kind", "script"),
    [
        ("turnstile", "https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit"),
        ("hcaptcha", "https://js.hcaptcha.com/1/api.js?render=explicit"),
        ("recaptcha", "https://www.google.com/recaptcha/api.js?render=explicit"),
    ],
)
def test_a_captcha_is_shown_with_its_vendors_script(page: Page, world: World, url: str, kind: str, script: str) -> None:
    """The page of a CAPTCHA loads that vendor's script alone, and hands over the token that it gets."""
    configured(world)
    loads: list[str] = []
    vendors(page, loads)
    story = embedded(page, world, url, query=f"&kind={kind}")
    frame = next(story)
    frame.get_by_role("button", name=f"I am no robot ({CAPTCHAS[kind].site_key})").click()
    expect(frame.get_by_role("status")).to_have_text("Done.")
    page.wait_for_function("heard.length === 2")
    assert next(story)[-1][2:] == ["solved", f"token of {CAPTCHAS[kind].site_key}"]
    assert loads == [script]


def test_a_score_is_asked_for_without_a_click(page: Page, world: World) -> None:
    """With a least score reCAPTCHA v3 is asked for a token at once, for the action that is checked later."""
    configured(world, recaptcha=SCORED)
    loads: list[str] = []
    vendors(page, loads)
    page.goto("/challenge?kind=recaptcha")
    expect(page.get_by_role("status")).to_have_text("Done.")
    expect(page.get_by_label("The solution")).to_have_value("token of 6Lc_v3 for otp")
    assert loads == ["https://www.google.com/recaptcha/api.js?render=6Lc_v3"]


def test_a_captcha_that_does_not_load_is_told(browser: Browser, world: World, url: str) -> None:
    """Where a vendor's script is blocked, the page says so and offers another try."""
    configured(world)
    page = browser.new_context().new_page()
    page.route("https://**", lambda route: route.abort())
    page.goto(f"{url}/challenge?kind=turnstile")
    expect(page.get_by_role("status")).to_contain_text("could not be loaded")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.context.close()


def test_the_page_speaks_the_language_that_it_is_told(page: Page) -> None:
    """The page speaks the `locale` of its link; in Arabic it runs from right to left, the solution does not."""
    page.goto(f"/challenge?locale=de-CH#{fragment(made())}")
    expect(page.get_by_role("status")).to_have_text("Fertig.")
    expect(page.get_by_role("button", name="Kopieren")).to_be_visible()
    assert page.title() == "Einen Moment, bitte"
    page.goto(f"/challenge?locale=ar#{fragment(made())}")
    expect(page.locator("html[lang=ar][dir=rtl]")).to_have_count(1)
    expect(page.locator("#solution[dir=ltr]")).to_be_visible()


@pytest.mark.parametrize(("locale", "said"), [("fr-CA", "Terminé."), ("pt-BR", "Concluído."), ("sv-SE", "Done.")])
def test_the_page_speaks_the_language_of_the_browser(browser: Browser, url: str, locale: str, said: str) -> None:
    """Without a locale the page speaks the browser's language, or English."""
    context = browser.new_context(locale=locale)
    page = context.new_page()
    page.goto(f"{url}/challenge#{fragment(made())}")
    expect(page.get_by_role("status")).to_have_text(said)
    context.close()


def test_the_page_knows_all_languages_of_the_codes(page: Page) -> None:
    """Every language of the built-in templates is one of the page's, with every sentence."""
    languages = sorted({template.locale for template in BUILT_IN.values()})
    page.goto("/challenge")
    spoken = page.evaluate(
        """async (languages) => {
          const { speak } = await import("/challenge/words.js");
          return languages.map((name) => [Object.keys(speak([name])).join(), document.documentElement.lang]);
        }""",
        languages,
    )
    assert [language for _, language in spoken] == languages
    assert len({names for names, _ in spoken}) == 1


def test_the_page_fits_a_phone(page: Page) -> None:
    """On a narrow screen nothing has to be scrolled sideways."""
    page.set_viewport_size({"width": 320, "height": 568})
    page.goto(f"/challenge#{fragment(made())}")
    expect(page.get_by_role("status")).to_have_text("Done.")
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_the_page_says_what_it_needs_without_scripts(browser: Browser, url: str) -> None:
    """Without JavaScript the page says that it needs it."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{url}/challenge")
    expect(page.locator("noscript p")).to_contain_text("This check needs JavaScript.")
    expect(page.locator("noscript p")).to_be_visible()
    context.close()
