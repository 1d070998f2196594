"""Draws docs/images/phone.png: the example's log-in page beside the simulated phone, both of a service that runs.

.venv/bin/python scripts/picture.py [path]    after `make test` or scripts/setup.sh test, which bring the browser
"""

import base64
import contextlib
import importlib.util
import json
import logging
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import httpx
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from otp_service.client import Client

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs/images/phone.png"
NUMBER = "+41791234567"
NAME = "Acme"
MARGIN = 48  # around what is cut out: its shadow belongs to it
SCALE = 1.6
TABLE = """
<body style="margin: 0; display: flex; align-items: center; justify-content: center; background: #f3f1ec">
<img style="width: {0}px" src="data:image/png;base64,{1}"><img style="width: {2}px" src="data:image/png;base64,{3}">
"""


@contextlib.contextmanager
def service() -> Iterator[dict[str, str]]:
    """`otp-service dev`, and what it says when it is ready."""
    with tempfile.TemporaryDirectory() as folder:
        command = (sys.executable, "-m", "otp_service", "dev", "--json", "--port", "0", "--data-dir", folder)
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout
            try:
                yield json.loads(process.stdout.readline())
            finally:
                process.terminate()
                process.wait()


def key_of_an_application(ready: dict[str, str]) -> str:
    """The key of an application with a name that fits the log-in page."""
    with httpx.Client(base_url=ready["url"], headers={"Authorization": f"Bearer {ready['admin_key']}"}) as admin:
        policy = {"name": NAME, "policy": {"sender": NAME}}
        made = admin.post("/v1/admin/applications", json=policy).raise_for_status().json()
        asked = {"application": made["id"], "scopes": ["verifications:start", "verifications:check"]}
        return str(admin.post("/v1/admin/keys", json=asked).raise_for_status().json()["key"])


def example() -> ModuleType:
    """The log-in page of examples/login_flask."""
    spec = importlib.util.spec_from_file_location("login_flask", ROOT / "examples/login_flask/app.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["login_flask"] = module  # Flask finds the templates by it
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def log_in_page(otp: Client) -> Iterator[str]:
    """The example, serving; its URL."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, example().create_app(otp), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def cut_out(page: Page, selector: str) -> tuple[float, bytes]:
    """The width of a part of a page, and its picture."""
    page.wait_for_timeout(500)  # what moves has come to rest
    box = page.locator(selector).bounding_box()
    assert box
    clip = {"x": box["x"] - MARGIN, "y": box["y"] - MARGIN}
    clip |= {"width": box["width"] + 2 * MARGIN, "height": box["height"] + 2 * MARGIN}
    return clip["width"], page.screenshot(clip=clip)  # type: ignore[arg-type]


def log_in(browser: Browser, pages: str, phone_url: str, otp: Client) -> Iterator[tuple[float, bytes]]:
    """The page on which the code was just typed, and the phone on which it came."""
    page = browser.new_page(viewport={"width": 900, "height": 820}, device_scale_factor=SCALE)
    page.goto(pages)
    page.fill("#number", NUMBER)
    page.click("button")
    (message,) = otp.messages(NUMBER, wait=10)
    page.fill("#code", message.code or "")
    yield cut_out(page, "main")
    page.goto(f"{phone_url}?to={NUMBER}")
    page.wait_for_selector("mark.code")
    page.evaluate("for (const each of document.querySelectorAll('.top, #more')) each.style.visibility = 'hidden'")
    yield cut_out(page, ".phone")


def draw(path: Path) -> None:
    """Plays the log-in and lays both pictures side by side."""
    chromium = shutil.which("chromium") or str(ROOT / ".venv/bin/chromium")
    with contextlib.ExitStack() as stack:
        ready = stack.enter_context(service())
        otp = stack.enter_context(Client(ready["url"], key_of_an_application(ready)))
        pages = stack.enter_context(log_in_page(otp))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        parts = list(log_in(browser, pages, ready["phone_url"], otp))
        shown = [value for width, png in parts for value in (width, base64.b64encode(png).decode())]
        table = browser.new_page(viewport={"width": 920, "height": 730}, device_scale_factor=SCALE)
        table.set_content(TABLE.format(*shown))
        table.screenshot(path=path)
        browser.close()


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE)
